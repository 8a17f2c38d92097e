//! Tests of what is not a site: whole programs in, names of what is left and of what is left out, with why.

use super::testing::sources;
use super::{Build, Catalogue, Rewriter, Surroundings};

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
