//! Tests of rewriting as a whole, through its public interface.

use proptest::prelude::*;

use super::rewriter::RewriteError;
use super::site::ORIGINAL;
use super::testing::{MODEL, ROPE, all_edits, catalogue, edit, rewriter, sources, target};
use super::*;
use crate::study::{Edit, Sources};

#[test]
fn the_sites_of_a_target_are_its_named_literals_and_the_choices_between_templates() {
    let sites = rewriter().sites(&target()).expect("sites");
    let listed = sites.iter().map(|site| {
        format!("{}:{} {} = {} [{}]\n", site.file, site.line, site.name, site.value, site.values.join(" "))
    });
    insta::assert_snapshot!(listed.collect::<String>(), @r"
    src/model.rs:11 model::BlockConfig.width = 64 [24 32 48 64 96 128 192]
    src/model.rs:13 model::BlockConfig.spread = 0.02 [0.007 0.01 0.015 0.02 0.03 0.05 0.07]
    src/model.rs:28 positions = original [original none rope]
    src/model.rs:38 model::Attention::new.with_p = 0.2 [0.07 0.1 0.15 0.2 0.3 0.5 0.7]
    src/model.rs:38 model::Attention::new.with_p#2 = 0.3 [0.1 0.15 0.2 0.3 0.5 0.7 1.0]
    src/model.rs:43 feed_forward = original [original swiglu]
    src/recipe.rs:5 recipe::WIDTH = 128 [64 96 128 192]
    src/recipe.rs:7 recipe::HEADS = 4 [1 2 3 4 6 8 12]
    src/recipe.rs:8 recipe::LAYERS = 2 [1 2 3 4 6]
    src/recipe.rs:11 recipe::LEARNING_RATE = 1e-3 [3e-4 5e-4 7e-4 1e-3 1.5e-3 2e-3 3e-3]
    src/recipe.rs:12 recipe::WEIGHT_DECAY = 0.0 [0.0 0.001 0.01 0.03]
    src/recipe.rs:14 recipe::DROPOUT = 0.1 [0.03 0.05 0.07 0.1 0.15 0.2 0.3]
    src/recipe.rs:15 recipe::BATCH_TOKENS = 8_192 [3_072 4_096 6_144 8_192 12_288 16_384 24_576]
    src/recipe.rs:16 recipe::TIED = false [false true]
    src/recipe.rs:21 recipe::MASKED = -1.0e4 [-3e4 -2e4 -1.5e4 -1.0e4 -7e3 -5e3 -3e3]
    src/train.rs:6 schedule = original [original cosine warmup]
    src/train.rs:12 train::optimiser::BETA_2 = 0.999 [0.997 0.998 0.9985 0.999 0.9993 0.9995 0.9997]
    src/train.rs:17 activation@train::activate = original [original relu silu]
    src/train.rs:17 activation@train::activate#2 = original [original relu silu]
    ");
}

#[test]
fn a_knob_is_edited_in_place_and_back() {
    let rewriter = rewriter();
    let edited = rewriter.apply(&target(), &[edit("recipe::LEARNING_RATE", "2e-3")]).expect("an edit");
    let expected = target().0["src/recipe.rs"].replace("= 1e-3;", "= 2e-3;");
    assert_eq!(edited.0["src/recipe.rs"], expected);
    assert_eq!(edited.0["src/model.rs"], MODEL);
    assert_eq!(rewriter.apply(&edited, &[edit("recipe::LEARNING_RATE", "1e-3")]).expect("back"), target());
}

#[test]
fn a_template_brings_its_imports_and_knobs_and_takes_them_away() {
    let rewriter = rewriter();
    let rope = rewriter.apply(&target(), &[edit("positions", "rope")]).expect("an edit");
    let expected =
        MODEL.replace("// the constants\n", "// the constants\nuse burn::nn::RotaryEncoding;\n").replace(
            "        // learned, as in GPT-2\n        x + self.table.val()\n",
            &ROPE[ROPE.find("        /// Longest").expect("a body")..ROPE.find("    }\n}").expect("its end")],
        );
    assert_eq!(rope.0["src/model.rs"], expected);
    let values = rewriter.values(&rope).expect("values");
    assert_eq!((&*values["positions"], &*values["model::Attention::positions::THETA"]), ("rope", "10_000.0"));

    let turned = [edit("model::Attention::positions::THETA", "7_000.0"), edit("positions", "none")];
    let none = rewriter.apply(&rope, &turned).expect("edits");
    assert_eq!(rewriter.apply(&target(), &[edit("positions", "none")]).expect("at once"), none);
    assert_eq!(rewriter.apply(&none, &[edit("positions", ORIGINAL)]).expect("back"), target());
}

#[test]
fn a_choice_is_recognised_even_if_its_knobs_were_turned() {
    let rewriter = rewriter();
    let edits = [edit("schedule", "cosine"), edit("train::learning_rate_factor::WARMUP", "0.02")];
    let program = rewriter.apply(&target(), &edits).expect("edits");
    assert_eq!(rewriter.values(&program).expect("values")["schedule"], "cosine");
    let sites = rewriter.sites(&program).expect("sites");
    let warmup = sites.iter().find(|site| site.name.ends_with("WARMUP")).expect("the knob");
    assert_eq!(warmup.values.join(" "), "0.0 0.01 0.015 0.02 0.03 0.05 0.07 0.1");
}

#[test]
fn edits_that_cannot_all_be_made_are_refused_as_a_whole() {
    let rewriter = rewriter();
    let apply = |edits: &[(&str, &str)]| {
        let edits: Vec<Edit> = edits.iter().map(|(site, to)| edit(site, to)).collect();
        rewriter.apply(&target(), &edits).expect_err("refused").to_string()
    };
    assert_eq!(
        apply(&[("recipe::NONE", "1")]),
        "there is no site `recipe::NONE` in this program; `inspect` lists its sites"
    );
    assert!(apply(&[("positions", "alibi")]).contains("it can be original, none, rope"));
    assert!(apply(&[("recipe::HEADS", "1.5")]).starts_with("`recipe::HEADS` cannot be `1.5`"));
    assert!(apply(&[("positions", "rope"), ("recipe::TIED", "1")]).starts_with("`recipe::TIED` cannot"));
    assert_eq!(
        apply(&[("recipe::HEADS", "6")]),
        "src/recipe.rs:24: `WIDTH % HEADS == 0` does not hold with WIDTH = 128, HEADS = 6"
    );
    assert!(apply(&[("recipe::HEADS", "16")]).contains("HEAD_WIDTH = 8"));
}

#[test]
fn carriage_returns_and_marks_stay() {
    let files =
        target().0.into_iter().map(|(path, text)| (path, format!("\u{feff}{}", text.replace('\n', "\r\n"))));
    let windows = Sources(files.collect());
    let rewriter = Rewriter::new(&catalogue(), &windows).expect("a target");
    for (site, edits) in all_edits(&rewriter, &windows) {
        for there in edits {
            let Ok(edited) = rewriter.apply(&windows, std::slice::from_ref(&there)) else { continue };
            assert!(edited.0.values().all(|text| text.matches('\n').count() == text.matches("\r\n").count()));
            assert_eq!(
                rewriter.apply(&edited, &[edit(&site, &there.from)]).expect("back"),
                windows,
                "{site}"
            );
        }
    }
}

#[test]
fn folders_that_fill_the_same_place_are_refused() {
    let again = catalogue().with_user(&[("rotation/rope.rs", ROPE)]).expect("a template");
    let error = Rewriter::new(&again, &target()).expect_err("an overlap").to_string();
    assert!(
        error.contains("positions/none and rotation/rope both replace `fn Attention::positions`"),
        "{error}"
    );
    let twin = catalogue()
        .with_user(&[("positions/rope_2.rs", ROPE.replace("10_000.0", "500.0"))])
        .expect("a template");
    let error = Rewriter::new(&twin, &target()).expect_err("a twin").to_string();
    assert!(error.contains("positions/rope_2 differs from positions/rope"), "{error}");
}

#[test]
fn files_that_are_not_rust_are_named() {
    let broken = sources(&[("src/a.rs", "fn f() {}\nfn {"), ("notes.txt", "not looked at")]);
    let error = Rewriter::new(&Catalogue::default(), &broken).expect_err("not Rust").to_string();
    assert!(error.starts_with("src/a.rs:2:"), "{error}");
}

#[test]
fn expressions_within_expressions_are_separate_sites() {
    let baseline = sources(&[("a.rs", "fn f() -> u8 { gelu( gelu(1) + gelu(2 /* x */) ) }\n")]);
    let rewriter = Rewriter::new(&catalogue(), &baseline).expect("a target");
    let all = ["activation@a::f", "activation@a::f#2", "activation@a::f#3"];
    let there: Vec<Edit> = all.iter().map(|site| edit(site, "relu")).collect();
    let relu = rewriter.apply(&baseline, &there).expect("edits");
    assert_eq!(relu.0["a.rs"].matches("burn::tensor::activation::relu(").count(), 3);
    assert!(rewriter.values(&relu).expect("values").values().all(|value| value == "relu"));
    let back: Vec<Edit> = all.iter().map(|site| edit(site, "original")).collect();
    assert_eq!(rewriter.apply(&relu, &back).expect("back"), baseline);
}

/// Templates of the four kinds, each with a text before and after.
mod templates {
    use super::super::testing::{RELU, ROPE, SILU, SWIGLU, check_not_applicable, check_rewrite};

    const ADAMW: &str = "\
//! AdamW instead of Adam
use burn::optim::AdamWConfig;
fn before() -> AdamConfig { burn::optim::AdamConfig::new() }
fn after() -> AdamWConfig { AdamWConfig::new() }
fn before_2(config: AdamConfig, decay: f32) -> AdamWConfig {
    config.with_weight_decay(Some(WeightDecayConfig::new(decay)))
}
fn after_2(config: AdamConfig, decay: f32) -> AdamWConfig { config.with_weight_decay(decay) }
";

    #[test]
    fn a_body_is_copied_with_its_comments_and_moved_to_its_place() {
        check_rewrite(
            "//! b\nimpl X {\n    fn f(&self, a: u8,) -> u8 {\n        // why\n        \"\n    \"; a\n    }\n    fn g() {\n        2\n    }\n}",
            "mod inner {\n    impl X {\n        /// Doc.\n        pub fn f(\n            &self,\n            a: u8,\n        ) -> u8 { a /* one */ } // end\n        fn g() {}\n    }\n}\n",
            "mod inner {\n    impl X {\n        /// Doc.\n        pub fn f(\n            &self,\n            a: u8,\n        ) -> u8 {\n        // why\n        \"\n    \"; a\n    } // end\n        fn g() {\n            2\n        }\n    }\n}\n",
        );
    }

    #[test]
    fn a_parameter_that_only_one_of_the_bodies_uses_has_an_underscore_in_the_other() {
        check_rewrite(
            "//! t\nfn f(a: u8, _b: u8, [c, d]: [u8; 2]) -> u8 { a + d }",
            "fn f(_a: u8, b: u8, [c, _d]: [u8; 2]) -> u8 { b }\n",
            "fn f(a: u8, _b: u8, [c, d]: [u8; 2]) -> u8 { a + d }\n",
        );
        check_not_applicable("//! t\nfn f(a: u8) -> u8 { a }", "fn f(_: u8) -> u8 { 1 }");
    }

    #[test]
    fn imports_go_below_existing_ones_or_to_the_top() {
        let template = "//! t\nuse a::{B, c::*, D as E};\nfn f() { B::new(E) }";
        check_rewrite(
            template,
            "use x::B;\nfn f() {}\n",
            "use x::B;\nuse a::D as E;\nuse a::c::*;\nfn f() { B::new(E) }\n",
        );
        check_rewrite(
            template,
            "//! Doc.\n\n// a licence\n\nfn f() {}\n",
            "//! Doc.\n\n// a licence\n\nuse a::B;\nuse a::D as E;\nuse a::c::*;\nfn f() { B::new(E) }\n",
        );
    }

    #[test]
    fn a_template_applies_only_if_all_its_items_fit() {
        for text in [
            "impl Attention { fn positions(&self, x: Tensor<2>) -> Tensor<3> { x } }",
            "impl Attention { fn positions(&self, y: Tensor<3>) -> Tensor<3> { y } }",
            "impl Other { fn positions(&self, x: Tensor<3>) -> Tensor<3> { x } }",
            "fn positions(&self, x: Tensor<3>) -> Tensor<3> { x }",
            "#[cfg(test)] mod t { impl Attention { fn positions(&self, x: Tensor<3>) -> Tensor<3> { x } } }",
            "mod a { impl Attention { fn positions(&self, x: Tensor<3>) -> Tensor<3> { x } } }
             mod b { impl Attention { fn positions(&self, x: Tensor<3>) -> Tensor<3> { x } } }",
        ] {
            check_not_applicable(ROPE, text);
        }
        check_not_applicable(
            SWIGLU,
            "pub(crate) struct Mlp; impl Mlp { pub(crate) fn new(width: usize) -> Self { Mlp } }",
        );
        check_not_applicable(SWIGLU, "pub(crate) struct Mlp;");
    }

    #[test]
    fn an_expression_is_replaced_and_what_is_in_it_stays() {
        check_rewrite(
            RELU,
            "fn f() { a(activation::gelu( x /* in */ + y)) }",
            "fn f() { a(burn::tensor::activation::relu(x /* in */ + y)) }",
        );
        check_rewrite(
            SILU,
            "fn f() {\n    gelu(a + b) - 1\n}\n",
            "use burn::tensor::activation::sigmoid;\nfn f() {\n    (a + b).clone() * sigmoid(a + b) - 1\n}\n",
        );
    }

    #[test]
    fn several_pairs_apply_together_even_within_each_other() {
        check_rewrite(
            ADAMW,
            "use burn::optim::AdamConfig;\nfn f() {\n    AdamConfig::new()\n        .with_weight_decay(Some(WeightDecayConfig::new(0.1)))\n        .init()\n}\n",
            "use burn::optim::AdamConfig;\nuse burn::optim::AdamWConfig;\nfn f() {\n    AdamWConfig::new().with_weight_decay(0.1)\n        .init()\n}\n",
        );
        check_not_applicable(ADAMW, "fn f() { AdamConfig::new() }");
    }

    #[test]
    fn expressions_elsewhere_and_other_expressions_are_left_alone() {
        for text in [
            "fn f() { gelu(x, y) }",
            "fn f() { other::gelu }",
            "fn f() { x.gelu() }",
            "#[test] fn f() { gelu(x) }",
            "fn f() { relu(x) }",
            "fn f() { tanh::gelu(x) }",
        ] {
            check_not_applicable(RELU, text);
        }
    }
}

#[test]
fn from_one_expression_template_to_another_places_keep_their_names() {
    let rewriter = rewriter();
    let relu = rewriter.apply(&target(), &[edit("activation@train::activate#2", "relu")]).expect("an edit");
    assert!(relu.0["src/train.rs"].contains("gelu(x.clone()) + burn::tensor::activation::relu(x)"));
    let sites = rewriter.sites(&relu).expect("sites");
    let site = sites.iter().find(|site| site.name == "activation@train::activate#2").expect("the site");
    assert_eq!(site.describe("silu").summary, "SiLU instead of ReLU");
    assert_eq!(site.describe("original").summary, "back to the original activation");
    let silu = rewriter.apply(&relu, &[site.describe("silu")]).expect("an edit");
    let at_once =
        rewriter.apply(&target(), &[edit("activation@train::activate#2", "silu")]).expect("an edit");
    assert_eq!(silu, at_once);
    assert_eq!(rewriter.apply(&silu, &[edit(&site.name, "original")]).expect("back"), target());
}

#[test]
fn edits_are_described_as_people_would() {
    let rewriter = rewriter();
    let program =
        rewriter.apply(&target(), &[edit("schedule", "warmup"), edit("positions", "rope")]).expect("edits");
    let edits = all_edits(&rewriter, &program);
    let summary = |site: &str, to: &str| {
        let edit = edits[site].iter().find(|edit| edit.to == to).expect("an edit");
        (edit.summary.clone(), edit.template.clone().unwrap_or_default())
    };
    let spoken = |summary: &str, template: &str| (summary.to_owned(), template.to_owned());
    assert_eq!(summary("recipe::LEARNING_RATE", "2e-3"), spoken("LEARNING_RATE 1e-3 -> 2e-3", ""));
    assert_eq!(summary("feed_forward", "swiglu"), spoken("SwiGLU instead of GELU", "feed_forward/swiglu"));
    assert_eq!(summary("positions", "none"), spoken("no positions instead of RoPE", "positions/none"));
    assert_eq!(
        summary("positions", "original"),
        spoken("back to the original positions", "positions/original")
    );
    let warmup = summary("train::learning_rate_factor::WARMUP", "0.1");
    assert_eq!(warmup, spoken("learning_rate_factor::WARMUP 0.05 -> 0.1", ""));
}

#[test]
fn a_rewriter_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Rewriter>();
    shared::<Site>();
}

#[test]
fn the_way_back_turns_the_knobs_of_a_template_that_was_replaced() {
    let rewriter = rewriter();
    let turned = [edit("schedule", "warmup"), edit("train::learning_rate_factor::WARMUP", "0.1")];
    let warmup = rewriter.apply(&target(), &turned).expect("edits");
    let cosine = rewriter.apply(&warmup, &[edit("schedule", "cosine")]).expect("an edit");
    let back = rewriter.difference(&cosine, &warmup).expect("a way back");
    let said: Vec<&str> = back.iter().map(|edit| edit.summary.as_str()).collect();
    assert_eq!(said, ["warm-up instead of warm-up and cosine", "learning_rate_factor::WARMUP 0.05 -> 0.1"]);
    assert_eq!(rewriter.apply(&cosine, &back).expect("back"), warmup);
}

mod properties {
    use super::*;
    use crate::testing::cases;

    proptest! {
        #![proptest_config(cases(40))]

        #[test]
        fn whatever_is_proposed_can_be_read_again_and_taken_back(picks in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..12)) {
            let rewriter = rewriter();
            let baseline = target();
            let mut program = baseline.clone();
            for (site, to) in picks {
                let edits = all_edits(&rewriter, &program);
                let edits: Vec<_> = edits.values().filter(|edits| !edits.is_empty()).collect();
                let there: &Edit = to.get(site.get(edits.as_slice()).as_slice());
                let next = match rewriter.apply(&program, std::slice::from_ref(there)) {
                    Ok(next) => next,
                    Err(RewriteError::Violated(_)) => continue,
                    Err(error) => panic!("{there:?}: {error}"),
                };
                prop_assert_eq!(&rewriter.values(&next).expect("values")[&there.site], &there.to);
                let back = rewriter.difference(&next, &program).expect("the way back");
                prop_assert_eq!(&rewriter.apply(&next, &back).expect("back"), &program, "{:?} and back", there);
                program = next;
            }
            for (from, to) in [(&program, &baseline), (&baseline, &program)] {
                let way = rewriter.difference(from, to).expect("a way");
                prop_assert_eq!(&rewriter.apply(from, &way).expect("there"), to);
            }
        }

        #[test]
        fn the_order_of_edits_at_distinct_sites_does_not_matter(picks in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 3)) {
            let rewriter = rewriter();
            let mut edits = all_edits(&rewriter, &target());
            edits.retain(|_, edits| !edits.is_empty());
            let mut chosen = Vec::new();
            for (site, to) in picks {
                let name = site.get(&edits.keys().cloned().collect::<Vec<_>>()).clone();
                chosen.push(to.get(&edits.remove(&name).expect("a site")).clone());
            }
            let Ok(forward) = rewriter.apply(&target(), &chosen) else { return Ok(()) };
            chosen.reverse();
            prop_assert_eq!(rewriter.apply(&target(), &chosen).expect("the other way"), forward);
        }
    }
}
