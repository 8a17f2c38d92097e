//! Shared by the tests of rewriting: a target with seams, templates for it, and two checks.

use std::collections::BTreeMap;

use crate::study::{Edit, Sources};

use super::site::{ORIGINAL, SiteKind};
use super::{Catalogue, Rewriter};

pub(super) const RECIPE: &str = include_str!("../../../tests/testdata/rewriting/recipe.rs");
pub(super) const MODEL: &str = include_str!("../../../tests/testdata/rewriting/model.rs");
pub(super) const TRAIN: &str = include_str!("../../../tests/testdata/rewriting/train.rs");

pub(super) const ROPE: &str = "\
//! RoPE instead of learned positions
//!
//! Turns queries and keys by an angle that grows with the position.
//! Paper: Su et al. 2021, RoFormer, arXiv 2104.09864

use burn::nn::RotaryEncoding;
use burn::prelude::*;

impl Attention {
    fn positions(&self, x: Tensor<3>) -> Tensor<3> {
        /// Longest wave.
        const THETA: f64 = 10_000.0;
        // the angle stands in the paper
        self.rotary(THETA).forward(x)
    }
}
";

pub(super) const NO_POSITIONS: &str = "\
//! no positions
//!
//! Paper: Haviv et al. 2022, arXiv 2203.16634

use std::fmt::Debug;

impl Attention {
    fn positions(&self, x: Tensor<3>) -> Tensor<3> {
        x
    }
    fn mask(&self, length: usize) -> Tensor<2, Bool> {
        Tensor::triu_mask([length, length], 1, &self.device)
    }
}
";

pub(super) const WARMUP: &str = "\
//! warm-up instead of a constant rate
//!
//! Paper: Goyal et al. 2017, arXiv 1706.02677

fn learning_rate_factor(share: f64) -> f64 {
    const WARMUP: f64 = 0.05;
    (share / WARMUP).min(1.0)
}
";

pub(super) const COSINE: &str = "\
//! warm-up and cosine instead of a constant rate
//!
//! Paper: Loshchilov and Hutter 2016, arXiv 1608.03983

fn learning_rate_factor(share: f64) -> f64 {
    const WARMUP: f64 = 0.1;
    const LEAST: f64 = 0.1;
    if share < WARMUP { share / WARMUP } else { LEAST + (1.0 - LEAST) * (share * 3.14).cos() }
}
";

pub(super) const SWIGLU: &str = "\
//! SwiGLU instead of GELU
//!
//! Paper: Shazeer 2020, arXiv 2002.05202

use burn::nn;
use burn::nn::SwiGlu;

/// Gated units.
pub(crate) struct Mlp {
    gate: SwiGlu,
    down: nn::Linear,
}

impl Mlp {
    pub(crate) fn new(width: usize) -> Self {
        let inner = 8 * width / 3;
        Self { gate: SwiGlu::new(width, inner), down: linear(inner, width) }
    }

    pub(crate) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.down.forward(self.gate.forward(x))
    }
}
";

pub(super) const RELU: &str = "\
//! ReLU instead of GELU
//!
//! Paper: So et al. 2021, Primer, arXiv 2109.08668

fn before<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    burn::tensor::activation::gelu(x)
}

fn after<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    burn::tensor::activation::relu(x)
}
";

pub(super) const SILU: &str = "\
//! SiLU instead of GELU
//!
//! Paper: Elfwing et al. 2017, arXiv 1702.03118

use burn::tensor::activation::sigmoid;

fn before<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    burn::tensor::activation::gelu(x)
}

fn after<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.clone() * sigmoid(x)
}
";

pub(super) fn sources(files: &[(&str, &str)]) -> Sources {
    Sources(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

/// The target of most tests.
pub(super) fn target() -> Sources {
    sources(&[("src/recipe.rs", RECIPE), ("src/model.rs", MODEL), ("src/train.rs", TRAIN)])
}

/// The templates for it.
pub(super) fn catalogue() -> Catalogue {
    let files = [
        ("positions/rope.rs", ROPE),
        ("positions/none.rs", NO_POSITIONS),
        ("schedule/warmup.rs", WARMUP),
        ("schedule/cosine.rs", COSINE),
        ("feed_forward/swiglu.rs", SWIGLU),
        ("activation/relu.rs", RELU),
        ("activation/silu.rs", SILU),
    ];
    Catalogue::default().with_user(&files).expect("the templates are well formed")
}

pub(super) fn rewriter() -> Rewriter {
    Rewriter::new(&catalogue(), &target()).expect("the target is well formed")
}

pub(super) fn edit(site: &str, to: &str) -> Edit {
    Edit {
        site: site.to_owned(),
        from: String::new(),
        to: to.to_owned(),
        template: None,
        summary: String::new(),
    }
}

/// Checks that a template turns one text into another at its only site, and that `original` restores it.
#[track_caller]
pub(super) fn check_rewrite(template: &str, before: &str, after: &str) {
    let (rewriter, baseline) = with_template(template, before);
    let site = only_site(&rewriter, &baseline).expect("the template applies");
    let value = site.values.iter().find(|value| *value != ORIGINAL).expect("a choice has another value");
    let edited = rewriter.apply(&baseline, &[site.describe(value)]).expect("the template can be applied");
    assert_eq!(edited.0["src/target.rs"], after);
    let back = rewriter.apply(&edited, &[edit(&site.name, ORIGINAL)]).expect("the way back");
    assert_eq!(back, baseline);
}

/// Checks that a template finds nothing to replace in a text.
#[track_caller]
pub(super) fn check_not_applicable(template: &str, text: &str) {
    let (rewriter, baseline) = with_template(template, text);
    assert_eq!(only_site(&rewriter, &baseline), None);
}

fn with_template(template: &str, text: &str) -> (Rewriter, Sources) {
    let baseline = sources(&[("src/target.rs", text)]);
    let catalogue = Catalogue::default().with_user(&[("idea/new.rs", template)]).expect("a template");
    (Rewriter::new(&catalogue, &baseline).expect("a target"), baseline)
}

fn only_site(rewriter: &Rewriter, baseline: &Sources) -> Option<super::Site> {
    let sites = rewriter.sites(baseline).expect("a target");
    sites.into_iter().find(|site| site.kind != SiteKind::Knob)
}

/// The edits that turn every site of a program into what it can be, by site.
pub(super) fn all_edits(rewriter: &Rewriter, program: &Sources) -> BTreeMap<String, Vec<Edit>> {
    let sites = rewriter.sites(program).expect("a program");
    let edits = sites.into_iter().map(|site| {
        let others = site.values.iter().filter(|value| **value != site.value);
        (site.name.clone(), others.map(|value| site.describe(value)).collect())
    });
    edits.collect()
}
