//! What holds from the start of a daemon to its end, whatever its file says meanwhile.

use super::Config;

impl Config {
    /// Of a configuration that comes in place of one that is in use: leaves what only a restart can change as it is in
    /// use, and says which settings would have changed, as they are written in the file.
    #[must_use = "somebody is to be told"]
    pub fn keep_fixed(&mut self, used: &Config) -> Vec<&'static str> {
        let mut kept = Vec::new();
        let mut keep = |name, changed: bool| {
            if changed {
                kept.push(name);
            }
        };
        // Between the removal of a handler and its return digits would go by unseen.
        let (new, old) = (&mut self.yate, &used.yate);
        keep("[yate] connect", replace(&mut new.connect, &old.connect));
        keep("[yate] priority", replace(&mut new.priority, &old.priority));
        keep("[yate] intercept", replace(&mut new.intercept, &old.intercept));
        keep("[control]", replace(&mut self.control, &used.control));
        keep("[metrics]", replace(&mut self.metrics, &used.metrics));
        keep("[store] file", replace(&mut self.store, &used.store));
        let (new, old) = (&mut self.bounds, &used.bounds);
        keep("[limits] store-questions", replace(&mut new.store_questions, &old.store_questions));
        keep("[limits] control-clients", replace(&mut new.control_clients, &old.control_clients));
        keep("[limits] control-requests", replace(&mut new.control_requests, &old.control_requests));
        kept
    }
}

/// Says whether it was another one.
fn replace<T: Clone + PartialEq>(new: &mut T, old: &T) -> bool {
    let changed = new != old;
    if changed {
        new.clone_from(old);
    }
    changed
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    fn config(text: &str) -> super::Config {
        match crate::config::load(Path::new("test.toml"), |_| Ok(text.to_owned())) {
            Ok(loaded) => loaded.config,
            Err(refused) => panic!("{refused}"),
        }
    }

    #[test]
    fn what_only_a_restart_changes_stays_and_is_told_and_the_rest_is_new() {
        let code = "[[code]]\nname = \"x\"\nkeys = \"*6\"\noperation = \"count\"\n";
        let used = config(&format!("[yate]\nconnect = \"unix:/run/a.sock\"\n{code}"));
        let mut new = config(&format!(
            "[yate]\nconnect = \"stdio\"\npriority = 20\nanswer-timeout = \"3s\"\n[limits]\ncontrol-clients = 9\nchannels = 99\n[control]\nsocket = \"/srv/x.sock\"\n[metrics]\nlisten = \"127.0.0.1:9464\"\n[store]\nfile = \"/srv/x.db\"\n{code}"
        ));
        let (mut same, patience) = (used.clone(), new.yate.answer_timeout);
        assert_eq!(same.keep_fixed(&used), Vec::<&str>::new());
        assert_eq!(
            new.keep_fixed(&used),
            [
                "[yate] connect",
                "[yate] priority",
                "[control]",
                "[metrics]",
                "[store] file",
                "[limits] control-clients"
            ]
        );
        assert_eq!((&new.yate.connect, new.yate.priority), (&used.yate.connect, used.yate.priority));
        assert_eq!((new.control.as_ref(), new.metrics, new.store.as_ref()), (None, None, None));
        assert_eq!(new.yate.answer_timeout, patience);
        assert_eq!((new.bounds.control_clients, new.bounds.channels), (used.bounds.control_clients, 99));
    }
}
