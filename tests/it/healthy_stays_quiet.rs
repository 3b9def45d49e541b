//! No check says anything of weight about a healthy bot, whatever its generation, pace and age.

use crate::bot_file::after;
use crate::healthy::{Healthy, Pace};
use crate::monitor::{command, finish};

/// Findings of medium severity or above, one line each.
fn alarms(bot: &Healthy, hours: u32, now: &str) -> Vec<String> {
    let file = bot.write();
    let mut command = command(["--no-llm", "--dry-run", "--format", "json", "--hours", &hours.to_string()]);
    command.arg("--as-of").arg(now).arg("--db").arg(file.path());
    let run = finish(command);
    let json = run.json();
    assert_eq!(json["analysis"]["checks"]["status"], "ok", "{json:#}");
    let weighty = |severity: &str| ["critical", "high", "medium"].contains(&severity);
    let findings = json["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| weighty(finding["severity"].as_str().unwrap()))
        .map(|finding| {
            format!("{} [{}] {}: {}", bot.seed, finding["severity"], finding["title"], finding["evidence"])
        })
        .collect()
}

fn assert_quiet(bots: impl IntoIterator<Item = Healthy>, hours: u32) {
    let alarms: Vec<String> = bots.into_iter().flat_map(|bot| alarms(&bot, hours, bot.now)).collect();
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
}

#[test]
fn the_first_generation_over_many_seeds() {
    assert_quiet((0..12).map(|seed| Healthy { seed, log_hours: 30, ..Healthy::generation1() }), 24);
}

#[test]
fn the_second_generation_over_many_seeds_and_time_zones() {
    let offsets = [0, 3_600, -18_000, 19_800];
    let bots = (0..12).map(|seed| Healthy {
        seed,
        host_offset_seconds: offsets[seed as usize % offsets.len()],
        ..Healthy::generation2()
    });
    assert_quiet(bots, 24);
}

#[test]
fn quiet_bots_young_bots_and_old_ones() {
    for (days, pace) in
        [(0, Pace::Busy), (1, Pace::Busy), (1, Pace::Quiet), (30, Pace::Quiet), (60, Pace::Busy)]
    {
        assert_quiet(
            (20..23).map(|seed| Healthy { seed, days, pace, log_hours: 26, ..Healthy::generation1() }),
            24,
        );
        assert_quiet((20..23).map(|seed| Healthy { seed, days, pace, ..Healthy::generation2() }), 24);
    }
}

#[test]
fn a_year_of_history() {
    assert_quiet(
        [Healthy { seed: 30, days: 365, pace: Pace::Quiet, log_hours: 26, ..Healthy::generation1() }],
        24,
    );
    assert_quiet([Healthy { seed: 30, days: 365, pace: Pace::Quiet, ..Healthy::generation2() }], 24);
}

#[test]
fn a_long_window() {
    assert_quiet((40..43).map(|seed| Healthy { seed, log_hours: 30, ..Healthy::generation1() }), 168);
    assert_quiet((40..43).map(|seed| Healthy { seed, ..Healthy::generation2() }), 168);
}

#[test]
fn a_moment_in_the_past() {
    for seed in 50..53 {
        for bot in [
            Healthy { seed, log_hours: 60, ..Healthy::generation1() },
            Healthy { seed, ..Healthy::generation2() },
        ] {
            let alarms = alarms(&bot, 24, &after(bot.now, -20 * 3_600));
            assert!(alarms.is_empty(), "{}", alarms.join("\n"));
        }
    }
}
