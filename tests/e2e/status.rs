//! What the exit status and the JSON object say.

use std::{fs, path::Path};

use serde_json::json;
use tests::{Form, Outerloop, Repository};

use crate::shop;

#[test]
fn a_verified_fix_is_0() {
    let repository = Repository::of(&[
        ("shop/__init__.py", ""),
        ("shop/pricing.py", shop::PRICING),
        ("tests/test_pricing.py", shop::TESTS),
    ]);
    let log = shop::crash(&repository, Form::Json);
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json"])
        .run()
        .json(0);
    shop::check_shape(&answer);
    assert_eq!(answer["events"], 1);
    let bug = &answer["bugs"][0];
    assert_eq!(
        bug["exception"],
        json!({"type": "KeyError", "message": "'discount'"})
    );
    assert_eq!(bug["commit"], repository.head());
    assert_eq!(bug["locations"][0]["file"], "shop/pricing.py");
    assert_eq!(bug["locations"][0]["function"], "unit_price");
    let fix = &bug["fix"];
    let regression = fix["gates"]
        .as_array()
        .unwrap()
        .iter()
        .find(|g| g["gate"] == "no_regression")
        .unwrap();
    assert_eq!(
        regression["outcome"], "passed",
        "the repository's two tests were run: {regression}"
    );
    // The diff holds the source edits alone, and the crash is gone with them.
    let diff = fix["diff"].as_str().unwrap();
    assert_eq!(diff.matches("diff --git").count(), 1, "{diff}");
    repository.git_with(&["apply", "-p1", "--check"], diff);
    repository.git_with(&["apply", "-p1"], diff);
    assert!(
        repository
            .read("shop/pricing.py")
            .contains("item[\"price\"] - item.get(\"discount\", 0)"),
        "{diff}"
    );
}

#[test]
fn errors_of_which_none_is_fixed_are_3() {
    let repository = shop::shop();
    let answer = Outerloop::fix(&repository.log(shop::REFUSED.repeat(3)), &repository)
        .and(["--output", "json"])
        .run()
        .json(3);
    shop::check_shape(&answer);
    assert_eq!(
        (&answer["events"], &answer["bugs"][0]["count"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(
        answer["bugs"].as_array().unwrap().len(),
        1,
        "equal errors are one bug: {answer}"
    );
    assert_eq!(answer["bugs"][0]["assessment"]["kind"], "not_fixable");
    assert!(
        answer["bugs"][0]["why_not"]
            .as_str()
            .unwrap()
            .contains("not for code"),
        "{answer}"
    );
}

#[test]
fn a_log_without_errors_is_4() {
    let repository = shop::shop();
    let binary: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let calm = b"2026-03-01 09:30:00 INFO started\n{\"level\": \"info\", \"message\": \"ready\"}\n"
        .repeat(50);
    for content in [
        Vec::new(),
        b"\n".to_vec(),
        binary,
        calm,
        b"{}".to_vec(),
        b"[]".to_vec(),
    ] {
        let log = repository.log(&content);
        let answer = Outerloop::fix(&log, &repository)
            .and(["--output", "json"])
            .run()
            .json(4);
        assert_eq!(
            (&answer["events"], &answer["bugs"]),
            (&json!(0), &json!([]))
        );
        let said = Outerloop::fix(&log, &repository).run();
        said.ended(4);
        assert!(
            said.text().contains("no error in the log"),
            "{}",
            said.text()
        );
    }
    let answer = Outerloop::fix("/dev/null".as_ref(), &repository)
        .and(["--output", "json"])
        .run()
        .json(4);
    assert_eq!(
        (&answer["events"], &answer["bugs"]),
        (&json!(0), &json!([]))
    );
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let repository = shop::shop();
    let ran = Outerloop::fix("-".as_ref(), &repository)
        .and(["--output", "json"])
        .run_with(|input| input.write_all(shop::REFUSED.as_bytes()));
    assert_eq!(ran.json(3)["events"], 1);
}

/// Bad usage: status 2, a reason on standard error that names what is wrong, nothing on standard output.
#[track_caller]
fn check_usage(run: Outerloop, names: &str) {
    let ran = run.run();
    ran.ended(2);
    assert!(ran.errors().contains(names), "{names} in {}", ran.errors());
    assert_eq!(ran.text(), "");
}

#[test]
fn bad_usage_is_2() {
    let repository = shop::shop();
    let log = repository.log(shop::REFUSED);
    check_usage(Outerloop::with([]), "Usage");
    check_usage(Outerloop::with(["mend"]), "mend");
    check_usage(Outerloop::with(["fix"]), "--log");
    check_usage(
        Outerloop::fix(&log, &repository).and(["--frobnicate"]),
        "--frobnicate",
    );
    check_usage(
        Outerloop::fix(&log, &repository).and(["--format", "xml"]),
        "xml",
    );
    check_usage(
        Outerloop::fix(&log, &repository).and(["--output", "yaml"]),
        "yaml",
    );
    check_usage(
        Outerloop::fix(&log, &repository).and(["--time-limit", "0"]),
        "--time-limit",
    );
    check_usage(
        Outerloop::fix(&log, &repository).and(["--time-limit", "soon"]),
        "--time-limit",
    );
    check_usage(
        Outerloop::fix(&log, &repository).and(["--apply", "--branch"]),
        "--apply",
    );
    check_usage(
        Outerloop::fix(&log, &repository).and(["--deps", "/no/such/folder"]),
        "/no/such/folder",
    );
}

#[test]
fn dependencies_may_lie_at_a_relative_path() {
    let module = shop::PRICING.replace("def unit_price", "import rates\n\n\ndef unit_price");
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/pricing.py", &module)]);
    repository.write("rates.py", "");
    let log = shop::crash(&repository, Form::Sentry);
    let deps = repository.beside("deps");
    fs::create_dir(&deps).unwrap();
    fs::rename(repository.root().join("rates.py"), deps.join("rates.py")).unwrap();
    // The command runs in a folder beside the repository's.
    let deps = Path::new("..").join(deps.strip_prefix(std::env::temp_dir()).unwrap());
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json", "--deps"])
        .and([deps])
        .run()
        .json(0);
    assert!(answer["bugs"][0]["fix"].is_object(), "{answer}");
}

#[test]
fn an_unreadable_log_is_2() {
    let repository = shop::shop();
    check_usage(
        Outerloop::fix(&repository.beside("none.log"), &repository),
        "none.log",
    );
    check_usage(Outerloop::fix(repository.root(), &repository), "folder");
    // Readable as a file, but it fails when read.
    check_usage(
        Outerloop::fix("/proc/self/mem".as_ref(), &repository),
        "/proc/self/mem",
    );
}

#[test]
fn a_missing_repository_or_commit_is_2() {
    let log = shop::shop().beside("none");
    let log_of = |repository: &Repository| repository.log(shop::REFUSED);
    let bare_folder = Repository::without_git();
    check_usage(
        Outerloop::fix(&log_of(&bare_folder), &bare_folder),
        "no git repository",
    );
    let gone = Repository::without_git();
    let log_of_gone = log_of(&gone);
    fs::remove_dir(gone.root()).unwrap();
    check_usage(Outerloop::fix(&log_of_gone, &gone), "no git repository");
    let empty = Repository::empty();
    check_usage(Outerloop::fix(&log_of(&empty), &empty), "no commit");
    // The repository comes first: a log that is missing as well is no excuse.
    check_usage(Outerloop::fix(&log, &empty), "no commit");
    let repository = shop::shop();
    for revision in [
        "nonesuch",
        "0123456789012345678901234567890123456789",
        "--all",
        "",
        "HEAD:shop",
        "HEAD~1",
    ] {
        check_usage(
            Outerloop::fix(&log_of(&repository), &repository).and([format!("--commit={revision}")]),
            "--commit",
        );
    }
}

#[test]
fn a_configuration_is_read_and_a_bad_one_is_2() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Sentry);
    let file = repository.beside("outerloop.toml");
    fs::write(
        &file,
        "[fix]\nprotected = [\"shop\"]\n[sandbox]\nexplore = \"native\"\n",
    )
    .unwrap();
    let fix = || Outerloop::fix(&log, &repository).and(["--output", "json"]);
    let by_option = fix()
        .and(["--config".into(), file.clone().into_os_string()])
        .run();
    let by_environment = fix().env("OUTERLOOP_CONFIG", file.to_str().unwrap()).run();
    for ran in [by_option, by_environment] {
        let answer = ran.json(3);
        let bug = &answer["bugs"][0];
        assert_eq!(bug["exploration"]["isolate"], "native", "{bug}");
        let why = bug["why_not"].as_str().unwrap();
        assert!(why.contains("protected"), "{why}");
    }
    fs::write(&file, "[fix]\ntime_limit = 3\n").unwrap();
    let ran = fix().env("OUTERLOOP_CONFIG", file.to_str().unwrap()).run();
    ran.ended(2);
    assert!(
        ran.errors().contains("unknown field `time_limit`"),
        "{}",
        ran.errors()
    );
}
