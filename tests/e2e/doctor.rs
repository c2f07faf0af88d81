//! What `outerloop doctor` says of this machine, and of one that lacks something.

use tests::Outerloop;

#[test]
fn a_machine_that_runs_the_tests_is_well() {
    let ran = Outerloop::with(["doctor"]).run();
    ran.ended(0);
    for part in ["git", "bubblewrap", "python3", "cache folder"] {
        let line = format!("present  {part}: ");
        assert!(ran.text().contains(&line), "{part} in {}", ran.text());
    }
    let told = Outerloop::with(["doctor", "--output", "json"])
        .run()
        .json(0);
    assert_eq!(told["works"], true);
    let parts = told["parts"].as_array().unwrap();
    for name in ["pytest", "Python guest (WebAssembly)", "node and npm"] {
        assert!(
            parts
                .iter()
                .any(|p| p["part"] == name && p["needed"] == false),
            "{told}"
        );
    }
}

#[test]
fn what_is_missing_is_named_with_its_remedy() {
    let ran = Outerloop::with(["doctor"])
        .env("PATH", "/nonexistent")
        .run();
    ran.ended(1);
    for words in [
        "missing  git: ",
        "install git",
        "missing  python3: ",
        "does not work here",
    ] {
        assert!(ran.text().contains(words), "{words} in {}", ran.text());
    }
}
