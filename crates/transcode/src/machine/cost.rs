//! How much of the processors a process has had.
//!
//! Promise: its own time, however busy the machine is; nothing where the system does not tell.

use std::time::Duration;

/// Linux counts in hundredths of a second there, whatever its own clock is (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// Processor time of a process that is still there, all of its threads together.
pub(crate) fn processor_time(pid: u32) -> Option<Duration> {
    told(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields 14 and 15 of `proc_pid_stat(5)`: user and system time. The second, its name, may hold anything.
fn told(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11).map(str::parse::<u32>);
    let (user, system) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some(TICK * user.saturating_add(system))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::told;

    #[test]
    fn user_and_system_time_are_added_whatever_the_process_is_called() {
        let stat = "42 (a b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 1000 1 1";
        assert_eq!(told(stat), Some(Duration::from_secs(3)));
        assert_eq!(told("42 (x) S 1"), None);
        assert_eq!(told(""), None);
    }
}
