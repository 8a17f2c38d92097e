//! An adapter: a device as a graphics API shows it. Plain values.

use std::fmt;

/// What is known of a device without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Adapter {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The graphics API that shows it: `Vulkan`.
    pub(crate) api: &'static str,
    /// Name and version.
    pub(crate) driver: String,
    /// Bytes of its largest own memory; `None` if the API does not report it.
    pub(crate) memory: Option<u64>,
    /// Bytes of the largest buffer that a kernel can work on.
    pub(crate) largest_buffer: u64,
    /// As in `0000:01:00.0`; `None` if it is not on such a bus.
    pub(crate) pci: Option<String>,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Discrete,
    Integrated,
    Virtual,
    /// The processor emulating a GPU: slow, and never taken for one.
    Software,
    Unknown,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete GPU",
            Self::Integrated => "integrated GPU",
            Self::Virtual => "virtual GPU",
            Self::Software => "software renderer",
            Self::Unknown => "of unknown kind",
        })
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, {}", self.name, self.kind, self.api)?;
        if !self.driver.is_empty() {
            write!(f, ", driver {}", self.driver)?;
        }
        if let Some(memory) = self.memory {
            write!(f, ", {} of memory", size(memory))?;
        }
        write!(f, ", buffers up to {}", size(self.largest_buffer))?;
        self.pci.iter().try_for_each(|pci| write!(f, ", PCI {pci}"))
    }
}

/// Bytes for people: `128 MiB`, `79.6 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
    }
}
