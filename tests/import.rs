//! A configuration of pbxassist carried over: what is written, what is said, and what callers notice.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::brain::{Brain, config};
use touchtone::assist::Report;
use touchtone::config::check;
use touchtone::import::{Imported, import};

const OFFICE: &str = include_str!("import/office.conf");

fn imported(text: &str) -> Imported {
    import(Path::new("etc/office.conf"), &|_| Ok(text.as_bytes().to_vec())).expect("a configuration")
}

/// What is said on standard error.
fn said(imported: &Imported) -> String {
    let notes: String = imported.notes.iter().map(|note| format!("{note}\n")).collect();
    notes + &imported.summary
}

/// Settings that every one of these has.
fn with(sections: &str) -> String {
    format!("[general]\nenabled=yes\nminlen=1\n{sections}")
}

#[test]
fn everything_is_written_or_said() {
    let office = imported(OFFICE);
    insta::assert_snapshot!("office", office.toml);
    insta::assert_snapshot!("office_said", said(&office));
    let loaded = touchtone::config::load(Path::new("x.toml"), |_| Ok(office.toml.clone()));
    insta::assert_snapshot!("office_checked", check::summary(&loaded));
}

#[test]
fn mistakes_in_the_file_are_said_with_their_lines() {
    let text = "name=1\n[general]\nfilter=^sip\nincoming=no\ndtmfpass=yes\ntimeout=3600000\nmaxlen=500\nretake=none\n\
                priority=0\n[$include more.conf]\n[$enabled $loaded sip]\n[half\n\
                [long]\ntrigger=\\*[0-9]\\{200\\}$\n[through]\ntrigger=\\*\\*\noperation=passthrough\n\
                [sound]\ntrigger=\\*1$\npbxprompt=beep\n[shout]\ntrigger=\\*2$\nmessage=no name\n\
                [open]\ntrigger=\\*3[0-9]*4$\n[cost]\ntrigger=\\*4$\nprice=$\\0\n[states]\ntrigger=\\*5$\npbxstates=\\(\n\
                [either]\ntrigger=\\*6\\(1\\([0-9]\\)\\|2\\)$\nroom=\\2\n[both]\ntrigger=\\*7\\([0-9]\\?\\|12\\)#$\nroom=\\1\n\
                [end]\ntrigger=\\*8\\(12\\|[0-9]\\)*#$\n[gone]\n[$includesection long]\ntrigger=\\*9$\n[none]\ntrigger=\\*0#$\npbxstates=first\n\
                [new]\ntrigger=#1$\npbxstates=new\n[held]\ntrigger=#2$\npbxstates=^call\n[start]\ntrigger=#3$\npbxstates=dial\\|first\n";
    let files = |path: &Path| match path.to_str() {
        Some("etc/bad.conf") => Ok(text.as_bytes().to_vec()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    let bad = import(Path::new("etc/bad.conf"), &files).expect("a configuration");
    insta::assert_snapshot!(said(&bad));
}

#[test]
fn what_is_no_such_file_is_refused() {
    let refused = |bytes: &'static [u8]| import(Path::new("x.conf"), &|_| Ok(bytes.to_vec())).unwrap_err();
    assert_eq!(refused(b"a=b\n"), "x.conf has no sections: it is no configuration of pbxassist");
    let missing = import(Path::new("x.conf"), &|_| Err(std::io::ErrorKind::NotFound.into()));
    assert_eq!(missing.unwrap_err(), "there is no file x.conf");
    let long = import(Path::new("x.conf"), &|_| Ok(vec![b'['; 2_000_000]));
    assert!(long.unwrap_err().contains("more than 1000000 bytes"));
}

/// The engine's own sample, where it is to be had.
#[test]
fn the_sample_of_the_engine_comes_through_whole() {
    let Some(path) = std::env::var_os("TOUCHTONE_PBXASSIST_SAMPLE") else {
        eprintln!("skipped: TOUCHTONE_PBXASSIST_SAMPLE does not say where the sample is");
        return;
    };
    let sample = import(Path::new(&path), &|path| std::fs::read(path)).expect("a configuration");
    assert_eq!(sample.notes, []);
    assert_eq!(
        sample.summary,
        "13 of 16 sections carried, 3 that do nothing in pbxassist either, 0 not carried"
    );
    let loaded = touchtone::config::load(Path::new("x.toml"), |_| Ok(sample.toml.clone())).expect("it loads");
    assert_eq!(loaded.warnings, []);
}

/// A caller in a call, in a room, or at a tone.
struct Caller {
    brain: Brain,
    peer: &'static str,
}

impl Caller {
    fn of(text: &str, peer: &'static str) -> Self {
        Caller { brain: Brain::ready(config(&imported(text).toml)), peer }
    }

    /// Keys one after the other; every message that is sent but answers, answered with `true`.
    fn keys(&mut self, keys: &str) -> Vec<String> {
        let mut sent = Vec::new();
        for key in keys.chars() {
            let Caller { brain, peer } = self;
            let mut lines = brain.say(&format!(
                "%%>message:k:1:chan.dtmf::id=sip/3:peerid={peer}:text={key}:detected=sip-info"
            ));
            lines.retain(|line| line.starts_with("%%>message:"));
            while !lines.is_empty() {
                let line = lines.remove(0);
                lines.extend(brain.answer(&line, true, "", ""));
                let what = line.splitn(4, ':').nth(3).expect("a name").to_owned();
                sent.push(what);
            }
        }
        sent
    }

    /// Whether a key goes on as it comes.
    fn goes_on(&mut self, key: &str) -> bool {
        let peer = self.peer;
        let sent = self.brain.say(&format!("%%>message:k:1:chan.dtmf::id=sip/3:peerid={peer}:text={key}"));
        sent == ["%%<message:k:false::"]
    }

    fn fired(&mut self) -> Vec<String> {
        let code = |report| match report {
            Report::Fired { code, .. } => Some(code),
            _ => None,
        };
        self.brain.reports().into_iter().filter_map(code).collect()
    }
}

#[test]
fn an_operation_of_pbxassist_is_asked_for_as_it_asks_itself() {
    let mut caller = Caller::of(OFFICE, "sip/4");
    assert_eq!(
        caller.keys("*1201*"),
        ["chan.masquerade::id=sip/3:message=chan.operation:operation=transfer:target=201"]
    );
    assert_eq!(
        caller.keys("*21234*"),
        ["chan.masquerade::id=sip/3:message=chan.operation:onhangup=yes:operation=fortransfer:target=1234"]
    );
}

#[test]
fn a_prompt_is_played_to_the_caller_alone() {
    let mut caller = Caller::of(OFFICE, "sip/4");
    assert_eq!(
        caller.keys("*0"),
        [
            "chan.masquerade::id=sip/3:message=chan.operation:operation=onhold",
            "chan.masquerade::id=sip/3:message=chan.attach:override=tone/probe/1:single=yes"
        ]
    );
    let error = ["chan.masquerade::id=sip/3:message=chan.attach:override=tone/busy:single=yes"];
    assert_eq!(caller.keys("*51"), error, "a star is the sound of an error");
    assert_eq!(caller.keys("*522"), error);
}

#[test]
fn a_room_is_joined_with_what_was_keyed() {
    let mut caller = Caller::of(OFFICE, "sip/4");
    let sent = caller.keys("#123#");
    assert!(sent[0].contains("message=call.conference:room=conf/team-123:"), "{sent:?}");
    assert!(sent[0].contains(":lonely=true"), "{sent:?}");
}

#[test]
fn states_are_those_that_sections_name() {
    let mut caller = Caller::of(OFFICE, "tone/dial/1");
    let sent = caller.keys("801*");
    assert_eq!(sent, ["chan.masquerade::id=sip/3:message=chan.operation:operation=secondcall:target=801"]);
    let mut caller = Caller::of(OFFICE, "sip/4");
    assert_eq!(caller.keys("801*"), [""; 0], "in a call nothing is dialled");
}

#[test]
fn a_state_of_its_own_is_entered_and_left_and_pbxassist_is_told() {
    let mut caller = Caller::of(OFFICE, "sip/4");
    let sent = caller.keys("*8");
    let told = "chan.masquerade::id=sip/3:message=chan.operation:operation=setstate:state=main menu";
    assert_eq!(sent, [told]);
    assert_eq!(
        caller.keys("1"),
        ["chan.masquerade::id=sip/3:message=custom.one:operation=menu-one:who=sip/3 of "]
    );
    caller.keys("9");
    assert_eq!(caller.keys("1"), [""; 0]);
    assert_eq!(caller.fired(), ["menu", "menu-one", "menu-out"]);
}

#[test]
fn another_channel_is_spoken_for_where_a_section_names_it() {
    let mut caller = Caller::of(OFFICE, "sip/4");
    let sent = caller.keys("*91");
    assert_eq!(sent, ["chan.masquerade::id=sip/4:message=chan.operation:operation=setstate:pbxguest=no"]);
}

#[test]
fn keys_that_an_earlier_section_takes_are_not_the_later_ones() {
    let mut caller = Caller::of(OFFICE, "sip/4");
    caller.keys("*91*92*93");
    assert_eq!(caller.fired(), ["bless", "bless-late", "bless-late"]);
}

#[test]
fn all_keys_go_on_until_they_are_taken_again() {
    let mut caller = Caller::of(OFFICE, "sip/4");
    assert!(caller.goes_on("7"), "a section says transparent");
    caller.keys("##");
    assert_eq!(caller.fired(), ["leave-us"]);
    for key in ["*", "0", "#", "*", "#"] {
        assert!(caller.goes_on(key), "{key}");
    }
    caller.keys("#");
    assert_eq!(caller.fired(), ["retake"]);
    assert!(!caller.goes_on("*"));
}

#[test]
fn what_no_section_wants_goes_nowhere_unless_one_says_so() {
    let mut caller = Caller::of(&with("[one]\ntrigger=\\*1$\n"), "sip/4");
    assert!(!caller.goes_on("7") && !caller.goes_on("*"));
    let mut caller =
        Caller::of(&with("[d]\ntrigger=^[0-9]$\noperation=transparent\npbxstates=conference\n"), "conf/4");
    assert!(caller.goes_on("7"));
    let mut caller = Caller::of(&with("[d]\ntrigger=^D$\noperation=transparent\ntext=*#\n"), "sip/4");
    let sent = caller.keys("D");
    assert_eq!(sent, ["chan.masquerade::id=sip/3:message=chan.dtmf:sequence=0:text=*#"]);
}

#[test]
fn the_same_keys_for_two_sections_are_the_first_ones() {
    let two = with("[a]\ntrigger=\\*1$\n[b]\ntrigger=\\*1$\n");
    let imported = imported(&two);
    assert_eq!(
        imported.summary,
        "1 of 2 sections carried, 1 that does nothing in pbxassist either, 0 not carried"
    );
    let by_state = with("[a]\ntrigger=\\*1$\npbxstates=dial\n[b]\ntrigger=\\*1$\n");
    let mut caller = Caller::of(&by_state, "sip/4");
    caller.keys("*1");
    assert_eq!(caller.fired(), ["b"]);
    let mut caller = Caller::of(&by_state, "tone/dial/1");
    caller.keys("*1");
    assert_eq!(caller.fired(), ["a"]);
}

#[test]
fn a_code_that_the_configuration_cannot_hold_is_taken_out_and_the_others_stay() {
    let text = "[general]\nmaxlen=300\n[ok]\ntrigger=\\*1$\n[long]\ntrigger=#[0-9]\\{200\\}$\n";
    let imported = imported(text);
    assert!(imported.toml.contains("name = \"ok\"") && !imported.toml.contains("name = \"long\""));
    assert!(
        said(&imported).contains("[long] is not carried: `long` takes at least 201 keys"),
        "{}",
        said(&imported)
    );
}

fn touchtone(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_touchtone")).args(arguments).output().expect("the command")
}

#[test]
fn the_command_writes_where_it_is_told_and_says_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    std::fs::write(path("pbxassist.conf"), OFFICE).expect("a file");
    let printed = touchtone(&["import", &path("pbxassist.conf")]);
    assert_eq!(printed.status.code(), Some(0));
    assert!(
        String::from_utf8_lossy(&printed.stderr).contains("pbxassist.conf:101: [where] is not carried"),
        "{printed:?}"
    );
    let written = touchtone(&["import", &path("pbxassist.conf"), "--output", &path("touchtone.toml")]);
    assert_eq!((written.status.code(), written.stdout.len()), (Some(0), 0));
    assert_eq!(std::fs::read(path("touchtone.toml")).expect("a file"), printed.stdout);
    let checked = touchtone(&["check", "--config", &path("touchtone.toml")]);
    assert_eq!(checked.status.code(), Some(0));
    let refused = touchtone(&["import", &path("nosuch.conf")]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).starts_with("error: there is no file "));
    assert_eq!(touchtone(&["import"]).status.code(), Some(2));
}

#[test]
fn what_was_not_keyed_is_nothing_and_not_what_is_known_of_the_call() {
    let mut caller =
        Caller::of(&with("[a]\ntrigger=\\*1\\([2-9]\\)*#$\nmessage=custom.a\nroom=\\1\n"), "conf/4");
    caller.brain.say("%%<message::true:call.execute::id=sip/3:answered=false:peerid=conf/4:room=conf/800");
    assert_eq!(caller.keys("*1#"), ["chan.masquerade::id=sip/3:message=custom.a:operation=a:room="]);
    assert_eq!(caller.keys("*123#"), ["chan.masquerade::id=sip/3:message=custom.a:operation=a:room=3"]);
}
