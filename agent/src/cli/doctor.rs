//! `doctor`: what a study would run on here, why, and what is missing. Nothing is changed and none of the user's own
//! programs is run; a GPU is asked to compute a few numbers.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::sys::statvfs::statvfs;

use super::exit::{Exit, blame};
use super::finding::{Finding, Mark};
use super::rehearsal::{NOT_TRIED, rehearsed};
use super::runtime::block_on;
use crate::device::{self, Adapter, Device, Kind, size};
use crate::evaluator::{Recovery, cache_directory, total_memory};
use crate::journal;
use crate::project::{Blame, Options, Typed, fit, usable};
use crate::repo::{self, Repo};
use crate::runner::Runner;

/// Free bytes below which a study stops.
const DISK_NEEDED: u64 = 1 << 30;
/// Bytes that a few slots with their compiled dependencies may need.
const DISK_WANTED: u64 = 10 << 30;

/// Prints all findings about the machine and, if one is named, about a repository.
pub(crate) fn doctor(repo: Option<&Path>, run: bool) -> Result<Exit> {
    let wish = device::wish();
    let adapters = device::adapters(wish.as_deref());
    let mut findings = vec![machine(), disk(&cache_directory())];
    findings.extend(adapters.iter().map(adapter));
    findings.extend(no_gpu(wish.as_deref(), &adapters, |path| Path::new(path).exists()));
    let devices = device::chosen(wish.as_deref(), &adapters);
    findings.extend(devices_of_a_study(wish.as_deref(), &adapters, &devices)?);
    findings.extend([cargo(), linker()]);
    let opened = repo.map(Repo::open);
    findings.push(identity(opened.as_ref().and_then(|opened| opened.as_ref().ok())));
    match opened {
        Some(Ok(repo)) => {
            let devices = devices.unwrap_or_default();
            findings.extend(project(&repo, &devices));
            let is_fit = !findings.iter().any(|finding| matches!(finding.mark, Mark::Bad(_)));
            if run && is_fit {
                findings.extend(rehearsed(&repo, &adapters, &devices));
            } else if is_fit {
                findings.push(Finding::new(Mark::Note, NOT_TRIED));
            }
        }
        Some(Err(error)) => {
            findings.push(Finding::new(Mark::Bad(Some(Blame::Repository)), error.to_string()))
        }
        None => {}
    }
    findings.iter().for_each(Finding::print);
    Ok(conclude(&findings, run))
}

fn conclude(findings: &[Finding], run: bool) -> Exit {
    let problems = || {
        findings.iter().filter_map(|finding| match finding.mark {
            Mark::Bad(blame) => Some(blame),
            _ => None,
        })
    };
    match problems().next() {
        None => {
            let tried =
                if run { "a study can run" } else { "nothing was found that keeps a study from running" };
            anstream::println!("\n{tried}");
            Exit::Success
        }
        Some(blame) => {
            anstream::println!("\na study cannot run; problems to fix: {}", problems().count());
            Exit::Unfit(blame)
        }
    }
}

fn machine() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = total_memory().map_or_else(String::new, |bytes| format!(", {} of memory", size(bytes)));
    Finding::new(Mark::Good, format!("{cores} cores{memory}"))
}

fn disk(cache: &Path) -> Finding {
    let there = cache.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let Ok(stat) = statvfs(there) else {
        return Finding::new(Mark::Note, format!("the free space in {} is unknown", cache.display()));
    };
    let free = stat.blocks_available() * stat.fragment_size();
    let text = format!("{} free in {}, where programs are built", size(free), cache.display());
    match free {
        0..DISK_NEEDED => Finding::new(Mark::Bad(None), text)
            .advise("free some space, or point XDG_CACHE_HOME to another disk"),
        DISK_NEEDED..DISK_WANTED => Finding::new(Mark::Note, text)
            .advise("a slot for a burn crate takes a few GiB; XDG_CACHE_HOME can point to a larger disk"),
        _ => Finding::new(Mark::Good, text),
    }
}

fn adapter(adapter: &Adapter) -> Finding {
    match adapter.kind {
        Kind::Software => Finding::new(Mark::Note, adapter.to_string()).advise(format!(
            "a GPU emulated on the processor: slower than the processor itself, and used only when {}=software",
            device::VARIABLE
        )),
        Kind::Unknown => Finding::new(Mark::Note, adapter.to_string()).advise("not used: of unknown kind"),
        _ => Finding::new(Mark::Good, adapter.to_string()),
    }
}

/// What to do if there is no GPU, judging by what the machine shows of one.
fn no_gpu(wish: Option<&str>, adapters: &[Adapter], is_there: impl Fn(&str) -> bool) -> Option<Finding> {
    let looked_for = wish != Some(Device::PROCESSOR);
    if !looked_for || Device::Gpu(0).place(adapters).is_some() {
        return None;
    }
    let found = if adapters.is_empty() { "no Vulkan driver was found" } else { "no GPU was found" };
    let finding = Finding::new(Mark::Note, found);
    let container =
        "in a container: NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics (Vulkan is in `graphics`)";
    Some(if is_there("/dev/nvidiactl") {
        finding
            .advise("there is an NVIDIA driver, but not its Vulkan part: apt install libvulkan1 libnvidia-gl-VERSION")
            .advise(container)
    } else if is_there("/dev/dri/renderD128") {
        finding.advise("there is a GPU (/dev/dri), but no Vulkan driver for it: apt install libvulkan1 mesa-vulkan-drivers")
    } else {
        finding
            .advise("if there is a GPU: apt install libvulkan1, and the vendor's driver (nvidia-driver, mesa-vulkan-drivers)")
            .advise(container)
    })
}

/// What a study would train on, why, and whether it works.
fn devices_of_a_study(
    wish: Option<&str>,
    adapters: &[Adapter],
    devices: &Result<Vec<Device>, String>,
) -> Result<Vec<Finding>> {
    let devices = match devices {
        Ok(devices) => devices,
        Err(error) => return Ok(vec![Finding::new(Mark::Bad(Some(Blame::Repository)), error)]),
    };
    let why = match wish {
        Some(wish) => format!("{}={wish} asks for it", device::VARIABLE),
        None if devices[0].is_gpu() => format!("all GPUs; {} picks one", device::VARIABLE),
        None => "there is no GPU".to_owned(),
    };
    let mut findings =
        vec![Finding::new(Mark::Good, format!("a study trains on {}: {why}", device::list(devices)))];
    if device::differ(devices, adapters) {
        let text = "the GPUs are different models, and runs on one are compared with runs on another";
        findings.push(Finding::new(Mark::Note, text).advise(format!("pick one with {}", device::VARIABLE)));
    }
    let tried = devices.iter().filter(|device| device.is_wgpu()).map(|device| Ok((*device, probe(*device)?)));
    for (device, reason) in tried.collect::<Result<Vec<_>>>()? {
        findings.push(match reason {
            None => Finding::new(Mark::Good, format!("device {device} computes correctly")),
            Some(reason) => Finding::new(
                Mark::Bad(Some(Blame::Device)),
                format!("device {device} does not work: {reason}"),
            )
            .advise(
                "check its driver (`dmesg` may say more), or pick another device with AUTORESEARCH_DEVICE",
            ),
        });
    }
    Ok(findings)
}

/// Why a device does not work; `None` if it does.
fn probe(device: Device) -> Result<Option<String>> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let (runner, recovery) = (Runner::new(program.clone()), Recovery::new(program));
    block_on(async {
        let probed = recovery.probe(&runner, device, directory.path().join("probe.log")).await;
        probed.context("cannot start the probe of a device")
    })
}

fn cargo() -> Finding {
    let named = std::env::var_os("CARGO").filter(|path| !path.is_empty());
    match find(named.as_deref().unwrap_or(OsStr::new("cargo"))) {
        Some(path) => Finding::new(Mark::Good, format!("cargo: {}", path.display())),
        None => {
            Finding::new(Mark::Bad(None), "cargo was not found").advise("install Rust: https://rustup.rs")
        }
    }
}

fn linker() -> Finding {
    match find(OsStr::new("cc")) {
        Some(path) => Finding::new(Mark::Good, format!("linker: {}", path.display())),
        None => Finding::new(Mark::Bad(None), "the linker `cc` was not found")
            .advise("apt install build-essential, or another package with a C compiler"),
    }
}

/// A program in `PATH`, or at an absolute path.
fn find(name: &OsStr) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Joining an absolute path gives that path.
    let found =
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file());
    found.or_else(|| Some(PathBuf::from(name)).filter(|program| program.is_absolute() && program.is_file()))
}

fn identity(repo: Option<&Repo>) -> Finding {
    if repo::names_the_user(repo) {
        return Finding::new(Mark::Good, "commits are made in your name");
    }
    Finding::new(
        Mark::Note,
        "git has no name and email for you: commits are made by autoresearch <autoresearch@localhost>",
    )
    .advise("git config --global user.name NAME; git config --global user.email ADDRESS")
}

/// Whether a study could start on a repository, and how.
fn project(repo: &Repo, devices: &[Device]) -> Vec<Finding> {
    let found = look_at(repo, devices);
    found.unwrap_or_else(|error| vec![Finding::new(Mark::Bad(blame(&error)), format!("{error:#}"))])
}

fn look_at(repo: &Repo, devices: &[Device]) -> Result<Vec<Finding>> {
    let notes = usable(repo)?;
    let project = fit(repo, repo.main_head()?)?;
    let sites = project.sites()?.len();
    let root = repo.root().display();
    let package = if project.package.is_empty() { "the root" } else { &project.package };
    let mut findings = vec![Finding::new(
        Mark::Good,
        format!("{root}: branch {}, package in {package}, {sites} sites", repo.main_branch()),
    )];
    findings.extend(notes.iter().chain(&project.notes).map(|note| Finding::new(Mark::Note, note.as_str())));
    if devices.is_empty() {
        return Ok(findings);
    }
    let begun = match journal::newest(&repo.journal_dir()) {
        Some(study) => journal::read(&repo.study_dir(&study))?.map(|recorded| recorded.study.started),
        None => None,
    };
    let options = Options::decide(&Typed::default(), &project.config, begun.as_ref(), devices.to_vec())?;
    let study = match &begun {
        Some(begun) => format!("study {} would be resumed", begun.study),
        None => "a new study would start".to_owned(),
    };
    let slots = options.slots;
    findings
        .push(Finding::new(Mark::Good, format!("{study}: {} per run, {slots} at a time", options.budget)));
    let warnings = options.warning().into_iter().chain(project.not_passed_on());
    findings.extend(warnings.map(|warning| Finding::new(Mark::Note, warning)));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(kind: Kind) -> Adapter {
        Adapter {
            name: "card".into(),
            kind,
            api: "Vulkan",
            driver: "NVIDIA 580.1".into(),
            memory: Some(80 << 30),
            largest_buffer: 2 << 30,
            pci: Some("0000:01:00.0".into()),
        }
    }

    #[test]
    fn the_advice_on_a_missing_gpu_depends_on_what_the_machine_shows() {
        let advice = |adapters: &[Adapter], there: &[&str]| {
            let finding = no_gpu(None, adapters, |path| there.contains(&path))?;
            Some(format!("{} {}", finding.text, finding.advice.join(" ")))
        };
        assert_eq!(advice(&[adapter(Kind::Discrete)], &[]), None);
        let bare = advice(&[], &[]).unwrap();
        assert!(bare.contains("no Vulkan driver") && bare.contains("libvulkan1"), "{bare}");
        let contained = advice(&[adapter(Kind::Software)], &["/dev/nvidiactl"]).unwrap();
        assert!(
            contained.contains("no GPU") && contained.contains("NVIDIA_DRIVER_CAPABILITIES"),
            "{contained}"
        );
        assert!(advice(&[], &["/dev/dri/renderD128"]).unwrap().contains("mesa-vulkan-drivers"));
        assert!(no_gpu(Some("flex"), &[], |_| true).is_none(), "none was looked for");
    }

    #[test]
    fn an_adapter_is_described_in_one_line() {
        let found = super::adapter(&adapter(Kind::Discrete));
        assert_eq!(
            found.text,
            "card: discrete GPU, Vulkan, driver NVIDIA 580.1, 80.0 GiB of memory, buffers up to 2.0 GiB, PCI 0000:01:00.0"
        );
        assert!(found.mark == Mark::Good && found.advice.is_empty());
        let found = super::adapter(&adapter(Kind::Software));
        assert!(found.mark == Mark::Note && found.advice[0].contains("AUTORESEARCH_DEVICE=software"));
    }

    #[test]
    fn the_disk_of_a_cache_that_does_not_exist_yet_is_found() {
        assert!(disk(Path::new("/absent/so/deep")).text.contains("free in /absent/so/deep"));
    }
}
