//! Which devices a study uses: all GPUs, or the processor if there is none, or what the user asks for.
//!
//! A software renderer also calls itself a Vulkan device; it is many times slower than the processor's own backend, so
//! it is used only when asked for by name.

use std::fmt;

use super::{Adapter, Kind};

/// The environment variable that picks a device; the user sets it for a study, and a study sets it for each run.
pub(crate) const VARIABLE: &str = "AUTORESEARCH_DEVICE";

/// The device that the user asks for.
pub(crate) fn wish() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

/// What a run trains on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    /// The processor, through burn's own backend for it.
    Processor,
    /// The GPU with this number: the fastest kind first, each kind in the order in which it was found.
    Gpu(usize),
    /// The first software renderer.
    Software,
}

impl Device {
    /// The word that asks for the processor.
    pub(crate) const PROCESSOR: &str = "flex";
    const SOFTWARE: &str = "software";
    const GPU: &str = "wgpu";

    /// The device that a word means, whether there is one or not; `wgpu` alone is the first GPU.
    pub(crate) fn named(word: &str) -> Option<Self> {
        match word {
            Self::PROCESSOR => Some(Self::Processor),
            Self::SOFTWARE => Some(Self::Software),
            Self::GPU => Some(Self::Gpu(0)),
            _ => word.strip_prefix(Self::GPU)?.strip_prefix(':')?.parse().ok().map(Self::Gpu),
        }
    }

    /// Whether it is reached through wgpu, and so can fail as a driver does.
    pub(crate) fn is_wgpu(self) -> bool {
        self != Self::Processor
    }

    /// Whether its work leaves the processor free.
    pub(crate) fn is_gpu(self) -> bool {
        matches!(self, Self::Gpu(_))
    }

    /// Which of the adapters it is.
    pub(crate) fn place(self, adapters: &[Adapter]) -> Option<usize> {
        match self {
            Self::Processor => None,
            Self::Gpu(number) => gpus(adapters).get(number).copied(),
            Self::Software => adapters.iter().position(|adapter| adapter.kind == Kind::Software),
        }
    }
}

/// The word by which it is asked for.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processor => f.write_str(Self::PROCESSOR),
            Self::Software => f.write_str(Self::SOFTWARE),
            Self::Gpu(number) => write!(f, "{}:{number}", Self::GPU),
        }
    }
}

/// The devices of a study; never empty.
pub(crate) fn chosen(wish: Option<&str>, adapters: &[Adapter]) -> Result<Vec<Device>, String> {
    let count = gpus(adapters).len();
    let Some(wish) = wish else {
        let all = (0..count).map(Device::Gpu).collect();
        return Ok(if count == 0 { vec![Device::Processor] } else { all });
    };
    let device = Device::named(wish).ok_or_else(|| {
        format!(
            "unknown device '{wish}': {} is flex (the processor), wgpu (the first GPU), wgpu:N (the GPU with this number, \
             from 0) or software (slow Vulkan)",
            VARIABLE
        )
    })?;
    let found = device == Device::Processor || device.place(adapters).is_some();
    match device {
        _ if found => Ok(vec![device]),
        Device::Software => Err("there is no software Vulkan device here".into()),
        _ => Err(format!("'{wish}': wgpu finds {count} GPUs here")),
    }
}

/// Devices as people name them: `GPU 0, GPU 1`.
pub(crate) fn list(devices: &[Device]) -> String {
    let name = |device: &Device| match device {
        Device::Processor => "the processor".to_owned(),
        Device::Gpu(number) => format!("GPU {number}"),
        Device::Software => "software Vulkan".to_owned(),
    };
    devices.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Whether devices are different models, so that a second on one is worth more than on another.
pub(crate) fn differ(devices: &[Device], adapters: &[Adapter]) -> bool {
    let names: Vec<Option<&str>> =
        devices.iter().map(|device| Some(adapters[device.place(adapters)?].name.as_str())).collect();
    names.windows(2).any(|pair| pair[0] != pair[1])
}

/// Places of the GPUs in the order of their numbers.
fn gpus(adapters: &[Adapter]) -> Vec<usize> {
    let of_kind = |kind| {
        adapters.iter().enumerate().filter(move |(_, adapter)| adapter.kind == kind).map(|(place, _)| place)
    };
    [Kind::Discrete, Kind::Integrated, Kind::Virtual].into_iter().flat_map(of_kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, kind: Kind) -> Adapter {
        Adapter {
            name: name.into(),
            kind,
            api: "Vulkan",
            driver: String::new(),
            memory: None,
            largest_buffer: 1 << 30,
            pci: None,
        }
    }

    fn workstation() -> Vec<Adapter> {
        [
            ("chip", Kind::Integrated),
            ("llvmpipe", Kind::Software),
            ("card one", Kind::Discrete),
            ("what", Kind::Unknown),
            ("card two", Kind::Discrete),
        ]
        .map(|(name, kind)| adapter(name, kind))
        .to_vec()
    }

    #[test]
    fn without_a_wish_a_study_uses_all_gpus_or_else_the_processor() {
        let found = chosen(None, &workstation()).unwrap();
        assert_eq!(found, [Device::Gpu(0), Device::Gpu(1), Device::Gpu(2)]);
        let names =
            found.iter().map(|device| workstation()[device.place(&workstation()).unwrap()].name.clone());
        assert_eq!(names.collect::<Vec<_>>(), ["card one", "card two", "chip"]);
        for adapters in
            [vec![], vec![adapter("llvmpipe", Kind::Software)], vec![adapter("what", Kind::Unknown)]]
        {
            assert_eq!(chosen(None, &adapters), Ok(vec![Device::Processor]));
        }
    }

    #[test]
    fn a_wish_picks_one_device() {
        for (wish, device) in [
            ("flex", Device::Processor),
            ("wgpu", Device::Gpu(0)),
            ("wgpu:2", Device::Gpu(2)),
            ("software", Device::Software),
        ] {
            assert_eq!(chosen(Some(wish), &workstation()), Ok(vec![device]));
            assert_eq!(Device::named(&device.to_string()), Some(device));
        }
        assert_eq!(chosen(Some("flex"), &[]), Ok(vec![Device::Processor]));
    }

    #[test]
    fn a_wish_that_cannot_be_met_is_refused_with_what_there_is() {
        for (wish, words) in [
            ("tpu", "unknown device 'tpu'"),
            ("wgpu:", "unknown device"),
            ("wgpu3", "unknown device"),
            ("", "unknown device"),
            ("wgpu:3", "'wgpu:3': wgpu finds 3 GPUs here"),
        ] {
            let error = chosen(Some(wish), &workstation()).unwrap_err();
            assert!(error.contains(words), "{wish}: {error}");
        }
        assert!(chosen(Some("software"), &[]).unwrap_err().contains("no software Vulkan device"));
    }

    #[test]
    fn only_cards_of_the_same_model_are_alike() {
        let (adapters, both) = (workstation(), [Device::Gpu(0), Device::Gpu(1)]);
        assert!(differ(&both, &adapters));
        let alike = [adapter("card", Kind::Discrete), adapter("card", Kind::Discrete)];
        assert!(!differ(&both, &alike) && !differ(&[Device::Processor], &[]));
    }
}
