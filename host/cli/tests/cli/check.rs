//! `check`: what is wrong comes first, for the standards that are asked for.

use serde_json::{Value, json};

use crate::shell::Shell;

/// Runs `check` with the variables of an account and more, and returns the exit status and the lines.
fn check(shell: &Shell, arguments: &[&str], more: &[(&str, &str)]) -> (i32, Vec<String>) {
    let arguments = [&["check"][..], arguments].concat();
    let mut command = shell.command(&arguments);
    let output = command.envs(more.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(str::to_string).collect();
    (output.status.code().unwrap(), lines)
}

#[test]
fn the_variables_that_are_required_meet_nist_and_others_are_named() {
    let shell = Shell::new();
    let (status, lines) = check(&shell, &["--standard", "nist"], &[]);
    assert_eq!(status, 0, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("NIST")));
    assert!(!lines.iter().any(|line| line.starts_with("not met")));
    assert!(!lines.iter().any(|line| line.contains("OWASP")));

    // A cap for each client address is the service's to choose: its variable is named.
    let (status, lines) = check(&shell, &["--standard", "asvs"], &[]);
    assert_eq!(status, 1);
    assert!(lines[0].starts_with("not met  MUST   OWASP ASVS 5.0, 6.6.3"));
    assert_eq!(
        lines[1].trim(),
        "change failures.per_client: XOXZO_2FA_CLIENT_CAP"
    );
    let cap = [("XOXZO_2FA_CLIENT_CAP", "20/3600")];
    let both = ["--standard", "nist", "--standard", "asvs"];
    assert_eq!(check(&shell, &both, &cap).0, 0);

    let (status, lines) = check(&shell, &["--standard", "psd2"], &cap);
    assert_eq!(status, 1);
    assert!(lines[0].starts_with("not met  MUST   PSD2"), "{lines:?}");
    assert!(lines[1].contains("failures.soft.count (in a document for --settings)"));
}

#[test]
fn a_document_with_the_preset_meets_psd2() {
    let shell = Shell::new();
    let [option, path] = shell.settings();
    let arguments = ["--standard", "psd2", &option, &path];
    let (status, lines) = check(&shell, &arguments, &[]);
    assert_eq!(status, 1);
    assert!(lines[1].ends_with("settings.json, failures.soft.count"));
    let document = std::fs::read_to_string(&path).unwrap();
    let mut document: Value = serde_json::from_str(&document).unwrap();
    document["preset"] = json!("psd2");
    document.as_object_mut().unwrap().remove("failures");
    std::fs::write(&path, document.to_string()).unwrap();
    assert_eq!(check(&shell, &arguments, &[]).0, 0);
    // The settings of test mode protect nobody, which NIST's part says first.
    let (status, lines) = check(&shell, &[&option, &path], &[]);
    assert_eq!(status, 1);
    let standing = |line: &String| line.starts_with("met ") || line.starts_with("yours ");
    let rest = lines.iter().position(standing).unwrap();
    let (broken, rest) = lines.split_at(rest);
    assert!(broken.iter().any(|line| line.contains("test mode")));
    assert!(!rest.iter().any(|line| line.starts_with("not met")));
}

#[test]
fn json_has_the_fields_that_break_a_rule() {
    let shell = Shell::new();
    let (status, report) = shell.json(&["check", "--json", "--standard", "asvs"], "");
    assert_eq!(status, 1);
    let findings = report["checked"]["compliance"].as_array().unwrap();
    assert_eq!(findings[0]["id"], "asvs-6.6.3");
    assert_eq!(findings[0]["fields"], json!(["failures.per_client.count"]));
    let met = findings.last().unwrap();
    assert_eq!(
        (&met["standing"], &met["fields"]),
        (&json!("met"), &json!([]))
    );
    let ids = findings.iter().map(|finding| finding["id"].as_str());
    assert!(ids.flatten().all(|id| id.starts_with("asvs-")));
}
