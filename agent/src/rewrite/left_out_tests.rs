//! Tests of what is not a site: whole programs in, names of what is left and of what is left out, with why.

use super::testing::sources;
use super::{Build, Catalogue, Rest, Rewriter, Surroundings};

/// The names of the sites of a program, and of what is left out with the first word of its reason.
fn found(files: &[(&str, &str)], surroundings: &Surroundings) -> [String; 2] {
    let baseline = sources(files);
    let rewriter = Rewriter::within(&Catalogue::default(), &baseline, surroundings).expect("a program");
    let sites = rewriter.sites(&baseline).expect("sites");
    let values = rewriter.values(&baseline).expect("values");
    assert_eq!(values.into_keys().count(), sites.len(), "sites and values are of the same knobs");
    let sites: Vec<String> = sites.into_iter().map(|site| site.name).collect();
    let left_out = rewriter.left_out().iter().map(|one| {
        let why = one.why.as_str();
        format!("{} ({})", one.name, why.split(['(', ',']).next().unwrap_or(why).trim())
    });
    [sites.join(" "), left_out.collect::<Vec<_>>().join(", ")]
}

#[test]
fn what_is_not_compiled_is_left_out_and_named() {
    let main = "
        const A: f64 = 0.1;
        #[cfg(feature = \"cuda\")] const B: f64 = 0.1;
        #[cfg(not(feature = \"cuda\"))] const B: f64 = 0.2;
        #[cfg(test)] mod tests { const C: f64 = 0.1; }
        fn f() { #[cfg(feature = \"cuda\")] x.with_d(1); x.with_e(1).f(A, B); }
        struct S { #[cfg(test)] #[config(default = 3)] g: u8 }";
    let tests = "const H: f64 = 0.1;";
    let mut surroundings =
        Surroundings { uncompiled: sources(&[("src/tests.rs", tests)]), ..Surroundings::default() };
    let [sites, left_out] = found(&[("src/main.rs", main)], &surroundings);
    assert_eq!(sites, "main::A main::B main::f.with_e");
    assert_eq!(
        left_out,
        "main::B (not compiled), main::tests::C (not compiled), main::f.with_d (not compiled), \
         main::S.g (not compiled), tests::H (not compiled)"
    );
    surroundings.build = Build { features: ["cuda".to_owned()].into(), ..Build::default() };
    let [sites, _] = found(&[("src/main.rs", main)], &surroundings);
    assert_eq!(sites, "main::A main::B main::f.with_d main::f.with_e");
}

/// What is left out of a program whose files are all mutable, and with which reasons.
fn left_out(main: &str) -> String {
    found(&[("src/main.rs", main)], &Surroundings { rest: Some(Rest::default()), ..Surroundings::default() })
        [1]
    .clone()
}

#[test]
fn what_nothing_uses_is_left_out() {
    for (text, expected) in [
        ("const A: f64 = 0.1; fn main() { train(B) } const B: f64 = 0.1;", "main::A (used by nothing)"),
        (
            "const A: f64 = 0.1; const B: f64 = A * 2.0; const C: f64 = 0.1; fn main() { f(C) }",
            "main::A (used by nothing)",
        ),
        ("const A: f64 = 0.1; mod m { use super::A; } fn main() {}", "main::A (used by nothing)"),
        (
            "struct X; impl X { const A: f64 = 0.1; } fn main() { const B: u8 = 1; }",
            "main::X::A (used by nothing), main::main::B (used by nothing)",
        ),
        (
            "const A: f64 = 0.1; #[cfg(test)] mod t { fn f() { g(super::A) } } fn main() {}",
            "main::A (used by nothing)",
        ),
        ("/// See [`A`]. A!\nconst A: f64 = 0.1; // A\nfn main() { f(\"A\") }", "main::A (used by nothing)"),
        ("static A: f64 = 0.1; fn main() { }", "main::A (used by nothing)"),
    ] {
        assert_eq!(left_out(text), expected, "{text}");
    }
}

#[test]
fn what_may_be_used_stays() {
    for text in [
        "const A: f64 = 0.1; fn main() { train(crate::A) }",
        "const A: f64 = 0.1; mod m { use super::A as B; fn f() { g(B) } }",
        "const A: usize = 1; fn main() { f([0; A]) }",
        "const A: usize = 1; fn f() -> [f32; A] { g() }",
        "const A: usize = 1; fn main() { let x: Model<A> = f(); }",
        "const A: usize = 1; fn main() { f::<{ A }>(); g::<A>() }",
        "const A: f64 = 0.1; fn main() { my_macro!(x => A) }",
        "const A: f64 = 0.1; macro_rules! m { () => { f(A) } }",
        "const A: f64 = 0.1; #[config(default = \"A\")] struct S;",
        "const A: f64 = 0.1; const _: () = assert!(A > 0.0);",
        "const A: f64 = 0.1; mod a { const A: f64 = 0.2; fn f() { g(A) } }",
        "struct X; impl Burn for X { const A: usize = 1; }",
        "trait T { const A: usize = 1; } fn main() {}",
        "#[no_mangle] static A: f64 = 0.1;",
        "const A: f64 = 0.1; fn main() { panic!(\"{A}\") }",
        "const A: f64 = 0.1; fn f() -> f64 { A }",
    ] {
        assert_eq!(left_out(text), "", "{text}");
    }
}

#[test]
fn other_packages_and_templates_use_what_they_name() {
    let files = [("src/lib.rs", "pub const A: f64 = 0.1; pub const B: f64 = 0.1; pub const C: f64 = 0.1;")];
    let mut surroundings = Surroundings { rest: Some(Rest::default()), ..Surroundings::default() };
    let rest = surroundings.rest.as_mut().expect("it was just put there");
    rest.elsewhere.push("fn main() { lib::train(lib::A) }".to_owned());
    rest.compiled = sources(&[("src/main.rs", "fn main() { train(lib::B) }")]);
    assert_eq!(found(&files, &surroundings), ["lib::A lib::B", "lib::C (used by nothing)"]);

    let target =
        sources(&[("src/a.rs", "const WARMUP: f64 = 0.1; const B: f64 = 1.0; fn f() -> f64 { B }\n")]);
    let catalogue = Catalogue::default()
        .with_user(&[("schedule/warm.rs", "//! warm\nfn f() -> f64 { B * WARMUP }")])
        .expect("a template");
    let surroundings = Surroundings { rest: Some(Rest::default()), ..Surroundings::default() };
    let rewriter = Rewriter::within(&catalogue, &target, &surroundings).expect("a target");
    assert_eq!(rewriter.left_out(), []);
}

/// A training program around some lines at its end.
fn training(end: &str) -> String {
    format!(
        "const RATE: f64 = 0.05; const SCALE: f64 = 1.0;
         fn main() {{
             let mut w = 1.0;
             for _ in 0..budget() {{ w -= RATE * gradient(w); }}
             let loss = loss(w);
             {end}
         }}"
    )
}

#[test]
fn what_reaches_only_what_is_printed_is_left_out() {
    for end in [
        "println!(\"val_loss: {:.5}\", loss * SCALE);",
        "let shown = loss * SCALE; println!(\"val_loss: {shown:.5}\");",
        "let shown: f64 = (loss.ln() * f64::from(SCALE)).max(0.0) as f32; println!(\"{}\", shown);",
        "println!(\"{}\", scaled(loss)); } fn scaled(loss: f64) -> f64 { if loss > 0.0 { return loss * SCALE; } loss",
        "println!(\"{}\", X.scaled()); } impl X { fn scaled(&self) -> f64 { let s = SCALE; s * self.loss }",
        "let line = format!(\"val_loss: {}\", loss * SCALE); eprintln!(\"{line}\");",
        "println!(\"{}\", loss * BIG); } const BIG: f64 = SCALE * 10.0; fn f() {",
        "println!(\"loss {loss} at a scale of {SCALE}\");",
        "writeln!(file, \"{}\", loss * SCALE);",
        "info!(\"{}\", loss * SCALE); log::warn!(\"{SCALE}\");",
        "let _x = dbg!(SCALE); dbg!(SCALE);",
        "println!(\"{value}\", value = loss * SCALE);",
    ] {
        assert_eq!(left_out(&training(end)), "main::SCALE (reaching only what is printed)", "{end}");
    }
}

#[test]
fn what_may_reach_the_training_stays() {
    for end in [
        "if loss > SCALE { println!(\"{loss}\"); }",
        "println!(\"{}\", train(SCALE));",
        "let shown = train(SCALE); println!(\"{shown}\");",
        "println!(\"{}\", model.fit(SCALE));",
        "let mut shown = loss; shown *= SCALE; println!(\"{shown}\");",
        "stats.loss = loss * SCALE; println!(\"{}\", stats.loss);",
        "let shown = loss * SCALE; shown.backward(); println!(\"{shown}\");",
        "let shown = Stats { loss: SCALE }; println!(\"{shown}\");",
        "println!(\"{}\", (0..3).map(|_| step(SCALE)).sum());",
        "println!(\"{}\", scaled(loss)); optimise(scaled(loss)); } fn scaled(loss: f64) -> f64 { loss * SCALE",
        "std::fs::write(path, format!(\"{}\", loss * SCALE));",
        "my_println!(\"{}\", SCALE);",
        "println!(\"{}\", { w = SCALE; w });",
    ] {
        assert_eq!(left_out(&training(end)), "", "{end}");
    }
}

#[test]
fn a_program_that_only_computes_and_prints_keeps_what_it_is_about() {
    let toy = |end: &str| {
        left_out(&format!(
            "const RATE: f64 = 0.05; const SCALE: f64 = 1.0;
             fn main() {{ let loss = 0.5 + (RATE - 0.1).abs() + seed(); {end} }}"
        ))
    };
    assert_eq!(toy("println!(\"{}\", loss * SCALE);"), "main::SCALE (reaching only what is printed)");
    assert_eq!(left_out("const RATE: f64 = 0.05; fn main() { println!(\"{}\", RATE - 0.1); }"), "");
    assert_eq!(toy("println!(\"{loss}\");"), "main::SCALE (used by nothing)");
}

#[test]
fn a_default_that_is_always_overridden_is_left_out_and_the_override_is_a_site() {
    let with = |main: &str| {
        let text = format!(
            "#[derive(Config)] struct T {{ #[config(default = 64)] batch: usize, #[config(default = 0.1)] rate: f64 }} {main}"
        );
        let surroundings = Surroundings { rest: Some(Rest::default()), ..Surroundings::default() };
        found(&[("src/main.rs", &text)], &surroundings)
    };
    let [sites, left_out] = with("fn main() { run(T::new(Adam::new()).with_batch(128).with_x(a)) }");
    assert_eq!(sites, "main::T.rate main::main.with_batch");
    assert_eq!(left_out, "main::T.batch (a default that is overridden wherever it would count)");
    for main in [
        "fn main() { run(T::new()) }",
        "fn main() { run(T::new().with_batch(128)); run(T::new()) }",
        "fn main() { run(T::load(path).with_batch(128)) }",
        "fn main() { run(T::new().with_batch(128)); run(T::load(path)) }",
        "fn main() { run(T::new().with_batch(128)); let t: T = Config::load(path); }",
        "fn main() { run(T::new().with_batch(128)); run(T { batch: b, rate: c }) }",
        "impl T { fn small() -> Self { Self::new() } } fn main() { run(T::new().with_batch(128)) }",
        "fn main() { run(T::new().with_batch(128)); make!(T) }",
        "fn main() { let mut t = T::new(); if x { t = t.with_batch(128); } }",
    ] {
        assert_eq!(with(main)[1], "", "{main}");
    }
    let main = "fn main() { run(T::new().with_batch(128)) } #[test] fn t() { T::new() }";
    assert_ne!(with(main)[1], "", "what is not compiled makes nothing");
}

/// burn's `modern-lstm` example with a naive configuration.
#[test]
fn of_a_published_example_the_task_is_left_out_and_the_model_stays() {
    let main = "
        pub const NUM_SEQUENCES: usize = 1000; pub const SEQ_LENGTH: usize = 10; pub const NOISE_LEVEL: f32 = 0.1;
        pub struct TrainingConfig {
            #[config(default = 30)] num_epochs: usize, #[config(default = 32)] batch_size: usize,
            #[config(default = 2)] num_workers: usize, #[config(default = 1e-3)] lr: f64,
            #[config(default = 1)] input_size: usize, #[config(default = 1)] output_size: usize,
            #[config(default = 32)] hidden_size: usize, #[config(default = 2)] num_layers: usize,
            #[config(default = 0.1)] dropout: f64,
        }";
    let [sites, left_out] = found(&[("src/main.rs", main)], &Surroundings::default());
    let short = sites.replace("main::TrainingConfig.", "");
    assert_eq!(short, "batch_size lr hidden_size num_layers dropout");
    assert_eq!(left_out.split(", ").count(), 7, "{left_out}");
}

#[test]
fn no_number_of_a_template_is_taken_for_the_task() {
    for template in Catalogue::embedded().templates.values() {
        let text = [("src/a.rs", template.text.as_str())];
        let [_, left_out] = found(&text, &Surroundings::default());
        let mut taken = left_out.split(", ").filter(|one| !one.is_empty() && !one.ends_with("(fixed)"));
        assert_eq!(taken.next(), None, "{}", template.path);
    }
}

#[test]
fn codes_that_tell_cases_apart_are_left_out() {
    let code = |name: &str| format!("main::{name} (a code)");
    for text in [
        "const NEW: u8 = 7; fn main() { match x { NEW => f(), _ => {} } }",
        "const NEW: u8 = 7; fn main() { match x { Some(crate::NEW) => f(), _ => {} } }",
    ] {
        assert_eq!(left_out(text), code("NEW"), "{text}");
    }
    let counted = |values: [&str; 4]| {
        let constants = ["LEFT", "UP", "RIGHT", "DOWN"].iter().zip(values);
        let constants = constants.map(|(name, value)| format!("const {name}: usize = {value};\n"));
        left_out(&format!("{}fn main() {{ f(LEFT, UP, RIGHT, DOWN) }}", constants.collect::<String>()))
    };
    assert_eq!(counted(["0", "1", "2", "3"]), ["LEFT", "UP", "RIGHT", "DOWN"].map(code).join(", "));
    assert_eq!(counted(["0", "0", "1", "2"]), ["UP", "RIGHT", "DOWN"].map(code).join(", "));
    assert_eq!(counted(["0", "1", "4", "8"]), "");
    assert_eq!(counted(["1", "2", "3", "4"]), "");
}
