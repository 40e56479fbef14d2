//! How the engine is set up: what works and will be slow, or hurt when something goes wrong, and the line to change.

use std::time::Duration;

use super::behind::USUAL_PATIENCE;
use super::{Engine, Role};

/// How long an answer of ours may take on a machine that is busy.
const SHORTEST_PATIENCE: Duration = Duration::from_millis(500);

/// How long a call may stand still because of us.
const LONGEST_PATIENCE: Duration = Duration::from_secs(10);

/// How many workers are soon taken.
const FEW_WORKERS: u32 = 10;

impl Engine {
    /// What is to be told of it.
    pub(super) fn advice(&self, intercepts: bool) -> Vec<String> {
        let socket = matches!(self.role, Some(Role::Tcp { same_host: true })).then(|| {
            "the engine is on this machine and is reached by TCP, which is slower than a UNIX socket: in the section of \
             the listener in extmodule.conf write type=unix and path=/run/yate-touchtone.sock in place of type, addr and \
             port, and in [yate] of the configuration connect = \"unix:/run/yate-touchtone.sock\""
                .to_owned()
        });
        let workers = intercepts.then(|| self.advice_on_workers()).flatten();
        [socket, workers, self.advice_on_patience()].into_iter().flatten().collect()
    }

    fn advice_on_workers(&self) -> Option<String> {
        let way_out = "every digit keyed takes one for as long as it is on its way to us: under load set minworkers=100 \
                       and maxworkers=100 in [general] of yate.conf";
        match self.workers {
            Some(workers) if workers > FEW_WORKERS => None,
            Some(_) => Some(format!("the engine has {FEW_WORKERS} workers or fewer, and {way_out}")),
            None => Some(format!("the engine does not say how many workers it has, and {way_out}")),
        }
    }

    fn advice_on_patience(&self) -> Option<String> {
        let hurts = match self.patience {
            Some(USUAL_PATIENCE) => return None,
            None => {
                "without end for an answer of ours, and calls would stand still as long as we do".to_owned()
            }
            Some(patience) => {
                let told = format!("{} ms for an answer of ours", patience.as_millis());
                match () {
                    () if patience < SHORTEST_PATIENCE => {
                        format!("only {told}, and on a busy machine keys would be heard that are codes")
                    }
                    () if patience > LONGEST_PATIENCE => {
                        format!("{told}, and calls would stand still that long if we do")
                    }
                    () => format!("{told}, and not as long as it was asked to"),
                }
            }
        };
        let usual = USUAL_PATIENCE.as_millis();
        Some(format!("the engine waits {hurts}: set timeout={usual} in [general] of extmodule.conf"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> Engine {
        Engine { workers: Some(100), role: Some(Role::Socket), ..Engine::default() }
    }

    fn advice(engine: &Engine) -> String {
        engine.advice(true).join("\n")
    }

    #[test]
    fn of_an_engine_that_is_set_up_well_nothing_is_told() {
        assert_eq!(advice(&engine()), "");
        assert_eq!(advice(&Engine { role: Some(Role::Script), ..engine() }), "");
        assert_eq!(advice(&Engine { role: Some(Role::Tcp { same_host: false }), ..engine() }), "");
    }

    #[test]
    fn tcp_on_one_machine_is_told_with_the_lines_of_both_files() {
        let told = advice(&Engine { role: Some(Role::Tcp { same_host: true }), ..engine() });
        assert!(
            told.contains("type=unix and path=/run/yate-touchtone.sock") && told.contains("extmodule.conf")
        );
        assert!(told.contains("connect = \"unix:/run/yate-touchtone.sock\""), "{told}");
    }

    #[test]
    fn few_workers_and_how_many_is_not_known_are_told_where_digits_take_them() {
        let few = Engine { workers: Some(10), ..engine() };
        assert!(advice(&few).starts_with("the engine has 10 workers or fewer"));
        let unknown = advice(&Engine { workers: None, ..engine() });
        assert!(unknown.starts_with("the engine does not say how many workers it has"), "{unknown}");
        assert!(unknown.ends_with("set minworkers=100 and maxworkers=100 in [general] of yate.conf"));
        assert_eq!(few.advice(false), Vec::<String>::new(), "a digit that is watched takes none");
    }

    #[test]
    fn another_patience_than_was_asked_for_is_told_with_what_it_does() {
        let of = |patience: Option<u64>| {
            advice(&Engine { patience: patience.map(Duration::from_millis), ..engine() })
        };
        assert!(of(Some(100)).starts_with("the engine waits only 100 ms"), "{}", of(Some(100)));
        assert!(
            of(Some(60_000))
                .contains("60000 ms for an answer of ours, and calls would stand still that long")
        );
        assert!(of(Some(3000)).contains("3000 ms for an answer of ours, and not as long as it was asked to"));
        assert!(of(None).contains("without end"));
        assert!(of(None).ends_with("set timeout=2000 in [general] of extmodule.conf"));
        assert_eq!(of(Some(2000)), "");
    }
}
