//! Reads the process table in /proc: who descends from whom, and how much memory it holds.
//!
//! Every result is a snapshot that may be outdated when it arrives; code that needs certainty asks
//! `waitpid`.

use std::collections::HashSet;
use std::fs;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// One line of the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) pid: i32,
    parent: i32,
    group: i32,
    session: i32,
}

/// All processes below `ancestor`, without itself, whatever session or group they moved to.
pub(super) fn descendants(ancestor: i32) -> Vec<Entry> {
    let all = table();
    let mut known = HashSet::from([ancestor]);
    let mut found: Vec<Entry> = Vec::new();
    loop {
        let before = found.len();
        for entry in &all {
            if known.contains(&entry.parent) && known.insert(entry.pid) {
                found.push(*entry);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// All processes of a session.
pub(super) fn session(leader: i32) -> Vec<Entry> {
    table().into_iter().filter(|entry| entry.session == leader).collect()
}

/// Sends a signal to processes, and to each whole group that one of them leads: a group gets it at
/// one instant, so that nobody in it can fork in between. A process that is gone is not an error.
pub(super) fn send(entries: &[Entry], signal: Signal) {
    for entry in entries.iter().filter(|entry| entry.group == entry.pid) {
        let _ = killpg(Pid::from_raw(entry.group), signal);
    }
    for entry in entries {
        let _ = kill(Pid::from_raw(entry.pid), signal);
    }
}

/// Resident bytes of a process; 0 when it is gone or only a zombie.
pub(super) fn resident(pid: i32) -> u64 {
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { return 0 };
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    kib.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}

fn table() -> Vec<Entry> {
    let Ok(directory) = fs::read_dir("/proc") else { return Vec::new() };
    directory
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| parse_stat(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
        .collect()
}

/// Reads `pid (name) state parent group session ..`; the name may hold spaces and brackets.
fn parse_stat(pid: i32, stat: &str) -> Option<Entry> {
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace().skip(1);
    let mut number = || fields.next()?.parse().ok();
    Some(Entry { pid, parent: number()?, group: number()?, session: number()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_brackets_and_spaces_does_not_mislead() {
        let entry = parse_stat(7, "7 (a) R 1 (b) S 3 4 5 0 -1 4194560");
        assert_eq!(entry, Some(Entry { pid: 7, parent: 3, group: 4, session: 5 }));
    }

    #[test]
    fn this_process_is_below_its_parent_and_resident() {
        let own = std::process::id() as i32;
        let parent = nix::unistd::getppid().as_raw();
        assert!(descendants(parent).iter().any(|entry| entry.pid == own));
        assert!(resident(own) > 1 << 20);
    }
}
