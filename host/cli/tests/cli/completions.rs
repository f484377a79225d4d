//! Completions, as real shells run them.

use std::fs;
use std::process::{Command, Output};

use crate::shell::Shell;

/// The script for a shell, in a folder of its own.
fn script(shell: &Shell, name: &str, file: &str) -> String {
    let script = shell.run(&["completions", name], "").stdout;
    fs::create_dir_all(&shell.folder).unwrap();
    let path = shell.folder.join(file);
    fs::write(&path, script).unwrap();
    path.display().to_string()
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_commands_and_their_options() {
    let shell = Shell::new();
    let path = script(&shell, "bash", "xoxzo-2fa.bash");
    // As readline calls it: the function that `complete` names, with the words, the program, the word and the one before.
    let ask = r#"
        source "$1"; shift
        [[ $(complete -p xoxzo-2fa) =~ -F\ ([^ ]+) ]] || exit 1
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        "${BASH_REMATCH[1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let complete = |words: &[&str]| {
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", ask, "bash", &path]).args(words);
        text(bash.output().unwrap())
            .lines()
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(complete(&["xoxzo-2fa", "sta"]), ["start", "status"]);
    assert_eq!(complete(&["xoxzo-2fa", "start", "--sub"]), ["--subject"]);
    assert_eq!(complete(&["xoxzo-2fa", "guard", "rep"]), ["repair"]);
    assert_eq!(
        complete(&["xoxzo-2fa", "guard", "repair", "--js"]),
        ["--json"]
    );
    let channels = complete(&["xoxzo-2fa", "resend", "--channel", ""]);
    assert_eq!(channels, ["sms", "voice"]);
    assert_eq!(complete(&["xoxzo-2fa", "start", "--no-such"]), [""]);
}

#[test]
fn zsh_completes_commands_and_their_options() {
    let shell = Shell::new();
    script(&shell, "zsh", "_xoxzo-2fa");
    // A zsh in a terminal of its own, to which Tab is typed.
    let drive = r#"
        zmodload zsh/zpty
        zpty z "TERM=dumb zsh -f -i"
        zpty -w z 'PS1= PROMPT_EOL_MARK= ; fpath=('"$1"' $fpath); autoload -Uz compinit; compinit -u -d '"$1"'/dump; stty -echo'
        zpty -w z "LISTMAX=1000; print rea'd'y"
        zpty -r z told '*ready*'
        zpty -n -w z "xoxzo-2fa $2"$'\t'
        zpty -r z told "*$3*"
        print -r -- "$told"
        zpty -d z
    "#;
    for (typed, expected) in [
        ("verif", "verify"),
        ("start --subj", "--subject"),
        ("guard rep", "repair"),
        ("resend --channel voi", "voice"),
    ] {
        let mut zsh = Command::new("timeout");
        zsh.args(["60", "zsh", "-f", "-c", drive, "zsh"]);
        zsh.arg(&shell.folder).args([typed, expected]);
        let told = text(zsh.output().unwrap());
        assert!(told.contains(expected), "{typed}: {told}");
    }
}
