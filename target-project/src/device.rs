//! Which device a run trains on.
//!
//! FROZEN. A real GPU if wgpu lists one, else the processor. A software renderer also calls itself a Vulkan device; it
//! is many times slower than the processor's own backend, so it is used only when asked for by name.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use burn::tensor::{Device, DeviceKind};
use wgpu::DeviceType;

/// A device and how it is called in a result line: one word.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) device: Device,
    pub(crate) name: String,
}

/// The device that `wish` names, or the best one where there is no wish.
pub(crate) fn choose(wish: Option<&str>) -> Result<Chosen, String> {
    let adapters = adapters();
    let gpus = gpus(&adapters);
    match wish {
        None => Ok(gpus.into_iter().next().map_or_else(flex, on_wgpu)),
        Some("flex") => Ok(flex()),
        Some("software") => {
            let software = adapters.into_iter().find(|(kind, _)| *kind == DeviceType::Cpu);
            let (_, name) = software.ok_or("there is no software Vulkan device here")?;
            Ok(on_wgpu((DeviceKind::Cpu, name)))
        }
        Some(wish) => {
            let number = number(wish).ok_or_else(|| {
                format!(
                    "unknown device '{wish}': AUTORESEARCH_DEVICE is flex, wgpu, wgpu:N (the GPU with this \
                     number, from 0) or software (slow Vulkan)"
                )
            })?;
            let count = gpus.len();
            let gpu = gpus.into_iter().nth(number);
            gpu.map(on_wgpu).ok_or_else(|| format!("'{wish}': wgpu finds {count} GPUs here"))
        }
    }
}

/// The number in `wgpu:N`; `wgpu` alone is the first.
fn number(wish: &str) -> Option<usize> {
    match wish.strip_prefix("wgpu")?.strip_prefix(':') {
        Some(number) => number.parse().ok(),
        None => (wish == "wgpu").then_some(0),
    }
}

fn flex() -> Chosen {
    keep_freed_memory();
    Chosen { device: Device::flex(), name: "flex".into() }
}

fn on_wgpu((kind, name): (DeviceKind, String)) -> Chosen {
    Chosen { device: Device::wgpu(kind), name: format!("wgpu:{}", name.replace(char::is_whitespace, "_")) }
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

/// What wgpu finds, kind and name. Only the first graphics interface that finds anything counts, as for burn: another
/// one would list the same devices again.
fn adapters() -> Vec<(DeviceType, String)> {
    use wgpu::Backends;
    let list = |backends| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = backends;
        let adapters =
            ready(wgpu::Instance::new(descriptor).enumerate_adapters(backends)).unwrap_or_default();
        adapters.iter().map(wgpu::Adapter::get_info).map(|info| (info.device_type, info.name)).collect()
    };
    let mut found = [Backends::VULKAN, Backends::METAL, Backends::DX12].into_iter().map(list);
    found.find(|adapters: &Vec<_>| !adapters.is_empty()).unwrap_or_default()
}

/// The GPUs among them in the order of their numbers, fastest kind first; burn counts each kind by itself.
fn gpus(adapters: &[(DeviceType, String)]) -> Vec<(DeviceKind, String)> {
    let of_kind = |kind, in_burn: fn(usize) -> DeviceKind| {
        let same = adapters.iter().filter(move |(other, _)| *other == kind);
        same.enumerate().map(move |(number, (_, name))| (in_burn(number), name.clone()))
    };
    of_kind(DeviceType::DiscreteGpu, DeviceKind::DiscreteGpu)
        .chain(of_kind(DeviceType::IntegratedGpu, DeviceKind::IntegratedGpu))
        .chain(of_kind(DeviceType::VirtualGpu, DeviceKind::VirtualGpu))
        .collect()
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
    fn gpus_are_numbered_by_kind_and_a_software_renderer_is_none() {
        let adapters = [
            (DeviceType::IntegratedGpu, "chip".to_owned()),
            (DeviceType::Cpu, "llvmpipe".to_owned()),
            (DeviceType::DiscreteGpu, "card one".to_owned()),
            (DeviceType::DiscreteGpu, "card two".to_owned()),
        ];
        let names: Vec<String> = gpus(&adapters).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["card one", "card two", "chip"]);
        assert_eq!(gpus(&adapters)[1].0, DeviceKind::DiscreteGpu(1));
        assert_eq!(gpus(&adapters)[2].0, DeviceKind::IntegratedGpu(0));
    }

    #[test]
    fn a_wish_names_a_gpu_by_its_number() {
        assert_eq!(["wgpu", "wgpu:0", "wgpu:3"].map(number), [Some(0), Some(0), Some(3)]);
        assert_eq!(["wgpu:", "wgpu3", "gpu", "wgpu:x"].map(number), [None; 4]);
        let error = choose(Some("wgpu:99")).expect_err("nobody has so many");
        assert!(error.contains("wgpu:99") && error.contains("GPUs here"), "{error}");
    }
}
