//! The model: a GPT over bytes, with one small function or struct for each idea that people vary.
//!
//! MUTABLE. It starts as plain as GPT-2: learned positions, LayerNorm before each layer, full softmax attention,
//! GELU. It knows nothing of data, of the optimiser or of how it is judged. Shapes stand at the end of lines.

#![allow(unused_variables, reason = "a plain body may need less than its signature offers")]

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::module::embedding;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use crate::data::VOCABULARY;
use crate::random::Random;
use crate::recipe::*;

/// A decoder-only transformer: reads bytes, gives for each position the logits of the byte that follows.
#[derive(Module, Debug)]
pub(crate) struct Gpt {
    embed: Embed,
    blocks: Vec<Block>,
    norm: Norm,
    head: Head,
}

impl Gpt {
    pub(crate) fn new(random: &mut Random, device: &Device) -> Self {
        Gpt {
            embed: Embed::new(random, device),
            blocks: (0..DEPTH).map(|_| Block::new(random, device)).collect(),
            norm: Norm::new(device),
            head: Head::new(random, device),
        }
    }

    pub(crate) fn forward(&self, bytes: Tensor<2, Int>) -> Tensor<3> {
        let mut x = self.embed.forward(bytes); // [batch, time, width]
        for (layer, block) in self.blocks.iter().enumerate() {
            x = block.forward(x, layer); // [batch, time, width]
        }
        let logits = self.head.forward(self.norm.forward(x), self.embed.tokens.val()); // [batch, time, vocabulary]
        shape_logits(logits)
    }
}

/// Turns bytes into vectors that know what the byte is and where it stands.
#[derive(Module, Debug)]
pub(crate) struct Embed {
    tokens: Param<Tensor<2>>,
    positions: Param<Tensor<2>>,
}

impl Embed {
    fn new(random: &mut Random, device: &Device) -> Self {
        Embed {
            tokens: weights(Part::Embedding, [VOCABULARY, WIDTH], random, device),
            positions: weights(Part::Embedding, [CONTEXT, WIDTH], random, device),
        }
    }

    fn forward(&self, bytes: Tensor<2, Int>) -> Tensor<3> {
        let [_, time] = bytes.dims();
        let positions = self.positions.val().narrow(0, 0, time).unsqueeze(); // [1, time, width]
        embedding(self.tokens.val(), bytes) + positions // [batch, time, width]
    }
}

/// One attention and one feed-forward layer, each of which adds its update to the residual stream.
#[derive(Module, Debug)]
pub(crate) struct Block {
    attention_norm: Norm,
    attention: Attention,
    mlp_norm: Norm,
    mlp: Mlp,
}

impl Block {
    fn new(random: &mut Random, device: &Device) -> Self {
        Block {
            attention_norm: Norm::new(device),
            attention: Attention::new(random, device),
            mlp_norm: Norm::new(device),
            mlp: Mlp::new(random, device),
        }
    }

    /// How the block's parts are arranged. `layer` counts the blocks from 0.
    fn forward(&self, x: Tensor<3>, layer: usize) -> Tensor<3> {
        let update = self.attention.forward(shift(self.attention_norm.forward(x.clone())), layer);
        let x = residual(x, update, layer);
        let update = self.mlp.forward(shift(self.mlp_norm.forward(x.clone())));
        residual(x, update, layer)
    }
}

/// Adds a layer's update to the residual stream.
fn residual(x: Tensor<3>, update: Tensor<3>, layer: usize) -> Tensor<3> {
    x + update
}

/// What a layer reads of earlier positions without attention: nothing.
fn shift(x: Tensor<3>) -> Tensor<3> {
    x
}

/// Brings each position's vector to a common scale.
#[derive(Module, Debug)]
pub(crate) struct Norm {
    scale: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
}

impl Norm {
    fn new(device: &Device) -> Self {
        Norm {
            scale: Param::from_tensor(Tensor::ones([WIDTH], device)),
            bias: Param::from_tensor(Tensor::zeros([WIDTH], device)),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        /// Fixed: it only keeps the division finite.
        const SMALL: f32 = 1e-5;
        let centred = x.clone() - x.mean_dim(2); // [batch, time, width]
        let variance = centred.clone().square().mean_dim(2); // [batch, time, 1]
        let normal = centred / (variance + SMALL).sqrt();
        normal * self.scale.val().unsqueeze() + self.bias.val().unsqueeze()
    }
}

/// Lets every position gather what it needs from the positions before it.
#[derive(Module, Debug)]
pub(crate) struct Attention {
    queries: Linear,
    keys: Linear,
    values: Linear,
    output: Linear,
}

impl Attention {
    fn new(random: &mut Random, device: &Device) -> Self {
        Attention {
            queries: linear(Part::Inner, WIDTH, WIDTH, random, device),
            keys: linear(Part::Inner, WIDTH, WIDTH, random, device),
            values: linear(Part::Inner, WIDTH, WIDTH, random, device),
            output: linear(Part::IntoResidual, WIDTH, WIDTH, random, device),
        }
    }

    fn forward(&self, x: Tensor<3>, layer: usize) -> Tensor<3> {
        let queries = split_heads(self.queries.forward(x.clone()), HEADS); // [batch, heads, time, head width]
        let keys = split_heads(self.keys.forward(x.clone()), HEADS);
        let values = split_heads(self.values.forward(x), HEADS);
        self.output.forward(attend(queries, keys, values, layer)) // [batch, time, width]
    }
}

/// Cuts the last dimension into heads: [batch, time, width] to [batch, heads, time, width / heads].
fn split_heads(x: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, time, width] = x.dims();
    x.reshape([batch, time, heads, width / heads]).swap_dims(1, 2)
}

/// Attention of all heads: each position takes the mean of the values that it can see, weighted by how well
/// their keys match its query. Takes [batch, heads, time, head width], gives [batch, time, width].
fn attend(queries: Tensor<4>, keys: Tensor<4>, values: Tensor<4>, layer: usize) -> Tensor<3> {
    let [batch, heads, time, head_width] = queries.dims();
    let (queries, keys) = normalise_queries_keys(queries, keys);
    let (queries, keys) = rotate_queries_keys(queries, keys);
    let scores = queries.matmul(keys.transpose()) / (head_width as f32).sqrt(); // [batch, heads, time, time]
    let scores = bias_scores(shape_scores(scores));
    let hidden = hidden(time, layer, &scores.device()).unsqueeze(); // [1, 1, time, time]
    let weights = weigh(scores.mask_fill(hidden, -1e9)); // [batch, heads, time, time]
    weights.matmul(values).swap_dims(1, 2).reshape([batch, time, heads * head_width])
}

/// The scale of queries and keys, before they are compared: as the linear layers give them.
fn normalise_queries_keys(queries: Tensor<4>, keys: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
    (queries, keys)
}

/// What queries and keys say about their positions: nothing beyond what the embedding says.
fn rotate_queries_keys(queries: Tensor<4>, keys: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
    (queries, keys)
}

/// The range of attention scores: unbounded.
fn shape_scores(scores: Tensor<4>) -> Tensor<4> {
    scores
}

/// What attention scores say about distance: nothing.
fn bias_scores(scores: Tensor<4>) -> Tensor<4> {
    scores
}

/// Which positions (columns) a position (row) may not see: all that come after it. [time, time]
fn hidden(time: usize, layer: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::tril_mask([time, time], 0, device)
}

/// Makes weights of scores: they are positive and each row sums to 1.
fn weigh(scores: Tensor<4>) -> Tensor<4> {
    burn::tensor::activation::softmax(scores, 3)
}

/// The feed-forward layer: works on each position by itself.
#[derive(Module, Debug)]
pub(crate) struct Mlp {
    up: Linear,
    down: Linear,
}

impl Mlp {
    fn new(random: &mut Random, device: &Device) -> Self {
        Mlp {
            up: linear(Part::Inner, WIDTH, MLP_WIDTH, random, device),
            down: linear(Part::IntoResidual, MLP_WIDTH, WIDTH, random, device),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let hidden = activation(self.up.forward(x)); // [batch, time, mlp width]
        self.down.forward(hidden) // [batch, time, width]
    }
}

/// The bend between the two linear maps of a feed-forward layer.
fn activation(x: Tensor<3>) -> Tensor<3> {
    burn::tensor::activation::gelu(x)
}

/// Turns the last vectors into logits, one for each byte that could come next.
#[derive(Module, Debug)]
pub(crate) struct Head {
    output: Linear,
}

impl Head {
    fn new(random: &mut Random, device: &Device) -> Self {
        Head { output: linear(Part::Head, WIDTH, VOCABULARY, random, device) }
    }

    /// `tokens` are the embedding's vectors, for a head that shares them. [vocabulary, width]
    fn forward(&self, x: Tensor<3>, tokens: Tensor<2>) -> Tensor<3> {
        self.output.forward(x)
    }
}

/// The range of logits: unbounded.
fn shape_logits(logits: Tensor<3>) -> Tensor<3> {
    logits
}

/// What a matrix is for; initialisations tell them apart.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(dead_code, reason = "a model may do without a part")]
pub(crate) enum Part {
    /// Vectors of bytes or positions.
    Embedding,
    /// A map inside a layer.
    Inner,
    /// The last map of a layer, which writes to the residual stream.
    IntoResidual,
    /// The map to logits.
    Head,
}

/// The initial weights of one matrix, row by row; it maps `inputs` numbers to `outputs` numbers.
fn initialise(part: Part, [inputs, outputs]: [usize; 2], random: &mut Random) -> Vec<f32> {
    (0..inputs * outputs).map(|_| INIT_STD * random.normal()).collect()
}

fn weights(part: Part, shape: [usize; 2], random: &mut Random, device: &Device) -> Param<Tensor<2>> {
    Param::from_data(TensorData::new(initialise(part, shape, random), shape), device)
}

fn linear(part: Part, inputs: usize, outputs: usize, random: &mut Random, device: &Device) -> Linear {
    let bias = BIASES.then(|| Param::from_tensor(Tensor::zeros([outputs], device)));
    Linear { weight: weights(part, [inputs, outputs], random, device), bias }
}
