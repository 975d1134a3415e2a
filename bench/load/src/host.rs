//! What /proc says of the relay, of this process, and of the machine.
use std::fs;

/// How the names of our engine's threads begin.
const ENGINE: &str = "moq-engine";

/// Readings at one moment; subtract two of them.
#[derive(Clone, Copy, Default, Debug)]
pub struct Reading {
    /// CPU time of all threads of the relay, softirq charged to it included, in ns.
    pub server_ns: u64,
    /// Of that, the main thread, on which JavaScript runs.
    pub main_ns: u64,
    /// Of the whole, the engine's own threads where they can be told by name.
    pub engine_ns: u64,
    pub server_user_ticks: u64,
    pub server_system_ticks: u64,
    pub server_rss_kb: u64,
    /// CPU time of this process, in ns.
    pub own_ns: u64,
    /// Datagrams that the kernel dropped for want of a receive buffer, all sockets of the machine.
    pub receive_errors: u64,
    pub steal_ticks: u64,
    pub busy_ticks: u64,
    pub all_ticks: u64,
}

impl Reading {
    /// Read everything; what can't be read is 0.
    pub fn now(server_pids: &[u32]) -> Self {
        let mut reading = Reading { own_ns: cpu_ns(std::process::id(), ""), ..Reading::default() };
        for pid in server_pids {
            reading.server_ns += cpu_ns(*pid, "");
            reading.main_ns += thread_ns(&format!("/proc/{pid}/task/{pid}")).unwrap_or(0);
            reading.engine_ns += cpu_ns(*pid, ENGINE);
            let (user, system) = ticks(*pid);
            reading.server_user_ticks += user;
            reading.server_system_ticks += system;
            reading.server_rss_kb += rss_kb(*pid);
        }
        reading.receive_errors = receive_errors();
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let cpu: Vec<u64> = numbers(stat.lines().next().unwrap_or_default());
        if cpu.len() >= 8 {
            reading.steal_ticks = cpu[7];
            reading.all_ticks = cpu[..8].iter().sum();
            reading.busy_ticks = reading.all_ticks - cpu[3] - cpu[4];
        }
        reading
    }
}

fn numbers(line: &str) -> Vec<u64> {
    line.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect()
}

/// CPU time of the threads whose name begins with `name`.
fn cpu_ns(pid: u32, name: &str) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    tasks
        .flatten()
        .filter(|task| {
            name.is_empty() || fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.starts_with(name))
        })
        .filter_map(|task| thread_ns(&task.path().to_string_lossy()))
        .sum()
}

/// CPU time of one thread.
fn thread_ns(folder: &str) -> Option<u64> {
    fs::read_to_string(format!("{folder}/schedstat")).ok()?.split(' ').next()?.parse().ok()
}

fn ticks(pid: u32) -> (u64, u64) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let words: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let at = |index: usize| words.get(index).and_then(|word| word.parse().ok()).unwrap_or(0);
    (at(11), at(12))
}

/// Resident memory of a process.
pub fn rss_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.map(numbers).and_then(|found| found.first().copied()).unwrap_or(0)
}

fn receive_errors() -> u64 {
    let snmp = fs::read_to_string("/proc/net/snmp").unwrap_or_default();
    let mut lines = snmp.lines().filter(|line| line.starts_with("Udp:"));
    let (Some(names), Some(values)) = (lines.next(), lines.next()) else { return 0 };
    let at = names.split_whitespace().position(|name| name == "RcvbufErrors");
    at.and_then(|at| values.split_whitespace().nth(at)?.parse().ok()).unwrap_or(0)
}
