//! Asks wgpu what there is. Nothing is opened.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wgpu::{Backend, Backends, DeviceType};

use super::{Adapter, Device, Kind};

/// `VK_MEMORY_HEAP_DEVICE_LOCAL_BIT` of Vulkan's specification.
const DEVICE_LOCAL: u32 = 1;

/// What there is to choose from. A user may ask for the processor because a driver crashes: then none is loaded.
pub(crate) fn adapters(wish: Option<&str>) -> Vec<Adapter> {
    if wish == Some(Device::PROCESSOR) {
        return Vec::new();
    }
    found().iter().map(describe).collect()
}

/// Only the first graphics API that finds anything counts: another one would list the same devices again.
pub(super) fn found() -> Vec<wgpu::Adapter> {
    let list = |backends| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = backends;
        ready(wgpu::Instance::new(descriptor).enumerate_adapters(backends)).unwrap_or_default()
    };
    let mut found = [Backends::VULKAN, Backends::METAL, Backends::DX12].into_iter().map(list);
    found.find(|adapters: &Vec<_>| !adapters.is_empty()).unwrap_or_default()
}

pub(super) fn describe(adapter: &wgpu::Adapter) -> Adapter {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    Adapter {
        name: info.name,
        kind: match info.device_type {
            DeviceType::DiscreteGpu => Kind::Discrete,
            DeviceType::IntegratedGpu => Kind::Integrated,
            DeviceType::VirtualGpu => Kind::Virtual,
            DeviceType::Cpu => Kind::Software,
            DeviceType::Other => Kind::Unknown,
        },
        api: match info.backend {
            Backend::Vulkan => "Vulkan",
            Backend::Metal => "Metal",
            Backend::Dx12 => "DX12",
            other => other.to_str(),
        },
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        memory: memory(adapter),
        largest_buffer: limits.max_buffer_size.min(limits.max_storage_buffer_binding_size),
        pci: Some(info.device_pci_bus_id).filter(|id| !id.is_empty()),
    }
}

/// The size of the largest heap on the device. Vulkan reports it, wgpu does not.
fn memory(adapter: &wgpu::Adapter) -> Option<u64> {
    // SAFETY: the adapter below is only queried, and not destroyed.
    let vulkan = unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }?;
    let instance = vulkan.shared_instance().raw_instance();
    // SAFETY: the device is one of this instance, which lives as long as `vulkan` does.
    let memory = unsafe { instance.get_physical_device_memory_properties(vulkan.raw_physical_device()) };
    let heaps = memory.memory_heaps_as_slice().iter();
    heaps.filter(|heap| heap.flags.as_raw() & DEVICE_LOCAL != 0).map(|heap| heap.size).max()
}

/// The value of a future that has nothing to wait for, as wgpu's are outside a browser.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
