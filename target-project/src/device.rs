//! Which device a run trains on.
//!
//! FROZEN. A real GPU if wgpu lists one, else the processor. A software renderer also calls itself a Vulkan device; it
//! is many times slower than the processor's own backend, so it is used only when asked for by name.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use burn::tensor::{Device, DeviceKind};

/// A device and how it is called in a result line: one word.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) device: Device,
    pub(crate) name: String,
}

/// The device that `wish` names, or the best one where there is no wish.
pub(crate) fn choose(wish: Option<&str>) -> Result<Chosen, String> {
    match wish {
        None => Ok(gpu_name().map_or_else(flex, gpu)),
        Some("flex") => Ok(flex()),
        Some("wgpu") => gpu_name().map(gpu).ok_or_else(|| "there is no GPU here that wgpu can use".into()),
        Some("software") => {
            Ok(Chosen { device: Device::wgpu(DeviceKind::Cpu), name: "wgpu:software".into() })
        }
        Some(other) => Err(format!(
            "unknown device '{other}': AUTORESEARCH_DEVICE is flex, wgpu or software (slow Vulkan)"
        )),
    }
}

fn flex() -> Chosen {
    keep_freed_memory();
    Chosen { device: Device::flex(), name: "flex".into() }
}

fn gpu(name: String) -> Chosen {
    Chosen { device: Device::wgpu(DeviceKind::DefaultDevice), name }
}

/// Tells the allocator to keep what is freed. Tensors come and go by the megabyte, and glibc would take each from the
/// kernel and give it back: page faults were a third of a step's processor time.
fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for option in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: both options take any number; the call changes nothing but when memory goes back to the kernel.
        unsafe { libc::mallopt(option, i32::MAX) };
    }
}

/// The name of the best adapter that is a GPU and not a processor in disguise.
fn gpu_name() -> Option<String> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapters = ready(instance.enumerate_adapters(wgpu::Backends::all()))?;
    let gpus = adapters
        .iter()
        .map(wgpu::Adapter::get_info)
        .filter_map(|info| Some((rank(info.device_type)?, info.name)));
    let (_, name) = gpus.min_by_key(|(rank, _)| *rank)?;
    Some(format!("wgpu:{}", name.replace(char::is_whitespace, "_")))
}

/// The order in which burn prefers adapters; `None` for what is no GPU.
fn rank(kind: wgpu::DeviceType) -> Option<u8> {
    match kind {
        wgpu::DeviceType::DiscreteGpu => Some(0),
        wgpu::DeviceType::IntegratedGpu => Some(1),
        wgpu::DeviceType::VirtualGpu => Some(2),
        wgpu::DeviceType::Cpu | wgpu::DeviceType::Other => None,
    }
}

/// The value of a future that has nothing to wait for, as wgpu's are outside a browser.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_device_is_refused_with_the_names_that_are_known() {
        let error = choose(Some("tpu")).expect_err("there is no such device");
        assert!(error.contains("'tpu'") && error.contains("flex"), "{error}");
    }

    #[test]
    fn a_software_renderer_is_no_gpu() {
        assert_eq!(rank(wgpu::DeviceType::Cpu), None);
        assert!(rank(wgpu::DeviceType::DiscreteGpu) < rank(wgpu::DeviceType::IntegratedGpu));
    }
}
