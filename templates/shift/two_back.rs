//! token shift from one and two bytes before
//!
//! A quarter of the numbers of each position are those of the position before it, another quarter those of the one
//! before that. A layer sees three bytes without any attention, as a convolution would, but nothing is multiplied.
//!
//! Paper: So et al. 2021, Primer: Searching for Efficient Transformers for Language Modeling, arXiv 2109.08668 (its convolutions over three positions)

fn shift(x: Tensor<3>) -> Tensor<3> {
    let [batch, time, width] = x.dims();
    let moved = width / 4;
    let back = |start: usize, distance: usize| {
        let nothing = Tensor::zeros([batch, distance, moved], &x.device());
        let before = x.clone().narrow(1, 0, time - distance).narrow(2, start, moved);
        Tensor::cat(vec![nothing, before], 1) // [batch, time, moved]
    };
    let rest = x.clone().narrow(2, 2 * moved, width - 2 * moved);
    Tensor::cat(vec![back(0, 1), back(moved, 2), rest], 2)
}
