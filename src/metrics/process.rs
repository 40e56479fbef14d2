//! What the system knows of this process, under the names that all programs give these figures.

use std::fs;

use super::text::Page;

/// How many clock ticks a second has in what Linux tells programs, on every machine that we run on.
const TICKS: u32 = 100;

/// Adds what can be read; elsewhere than on Linux that is nothing.
pub(super) fn add(page: &mut Page) {
    if let Some([own, all]) = stat().zip(btime()).map(|(stat, boot)| [stat.cpu, boot + stat.start]) {
        page.counter("process_cpu_seconds_total", "Time on a processor, in seconds.", own);
        page.gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", all);
    }
    for (name, key, help) in [
        ("process_resident_memory_bytes", "VmRSS:", "Memory that is in use, in bytes."),
        ("process_virtual_memory_bytes", "VmSize:", "Addresses that are in use, in bytes."),
    ] {
        if let Some(kilobytes) = status(key) {
            page.gauge(name, help, kilobytes * 1024);
        }
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // One is open only to look.
        page.gauge("process_open_fds", "Open file descriptors.", open.count().saturating_sub(1));
    }
    if let Some(most) = most_files() {
        page.gauge("process_max_fds", "How many file descriptors may be open.", most);
    }
}

/// Times of this process in seconds: on a processor, and when it began since the machine did.
struct Stat {
    cpu: f64,
    start: f64,
}

fn stat() -> Option<Stat> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name may hold anything, so what counts is behind its last parenthesis, from the third field on.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let seconds = |at: usize| Some(fields.get(at - 3)?.parse::<f64>().ok()? / f64::from(TICKS));
    Some(Stat { cpu: seconds(14)? + seconds(15)?, start: seconds(22)? })
}

/// When the machine began, in seconds since 1970.
fn btime() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn status(key: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

fn most_files() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/limits").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    value.split_ascii_whitespace().next()?.parse().ok()
}
