"""The program of target-project in PyTorch and in JAX, to measure it beside the one in burn.

Same sizes, same initial weights and same batches as the target has for a seed (its generator is small enough to be
written down twice), so that losses can be compared step by step before times are. It needs numpy, and torch or jax.

    python3 docs/gpu/gpt.py --framework torch --mode compile --dtype bf16

After a warm-up, time is measured in about sixteen blocks of steps, as the target tells its progress; the device is
waited for at the ends of blocks only, and `tokens_per_second` is that of the median block. `start_seconds` is all from
the start of this program to the end of the first step, imports and compilation included; `first_step_seconds` is that
step alone. `memory` and `device_memory` are the most bytes that were taken at any time, as in the target's result.

Model FLOPs are counted as in PaLM (arXiv 2204.02311, appendix B) and nanoGPT: 6 a parameter and token, embeddings
left out (the head is counted, it is a matrix product), and 12 * depth * width * context a token for attention, causal
or not. `flops_utilisation` is their share of --peak-tflops.
"""

import time

# Before the other imports: they are part of what a start costs.
BEGAN = time.perf_counter()

import argparse
import math
import os
import resource
import statistics

import numpy as np

VOCABULARY = 256

# recipe.rs of the target.
BETA1, BETA2, EPSILON, WEIGHT_DECAY = 0.9, 0.999, 1e-8, 0.01
INIT_STD = 0.02

# model.rs of the target.
NORM_EPSILON = 1e-5

# Blocks of steps that are timed, as many as the target has points of progress.
BLOCKS = 16

# What an f16 loss is multiplied by before its gradients are taken, so that small ones are not zero (JAX; PyTorch
# has a scale that adapts).
F16_LOSS_SCALE = 1024.0


def main():
    options = parse()
    text = np.fromfile(options.text, np.uint8)
    weights = initial_weights(options)
    train = {"torch": torch_step, "jax": jax_step}[options.framework]
    step, wait, about = train(options, weights)
    result = measure(options, text, step, wait)
    params = sum(weight.size for weight in weights.values())
    flops = result["tokens_per_second"] * flops_per_token(params, options.depth, options.width, options.context)
    utilisation = f"{flops / options.peak_tflops / 1e12:.4f}" if options.peak_tflops else "unknown"
    said = {
        "framework": options.framework,
        "mode": options.mode if options.framework == "torch" else "jit",
        "dtype": options.dtype,
        "clock": options.clock,
        **about(),
        "params": params,
        "steps_per_second": f"{result['steps_per_second']:.3f}",
        "tokens_per_second": f"{result['tokens_per_second']:.0f}",
        "tflops": f"{flops / 1e12:.4f}",
        "flops_utilisation": utilisation,
        "steps": result["steps"],
        "blocks": result["blocks"],
        "loss_first": f"{result['loss_first']:.5f}",
        "loss_last": f"{result['loss_last']:.5f}",
        "first_step_seconds": f"{result['first_step_seconds']:.3f}",
        "start_seconds": f"{result['start_seconds']:.3f}",
        # Linux counts in KiB.
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print("result", *(f"{key}={value}" for key, value in said.items()), flush=True)


def flops_per_token(params, depth, width, context):
    embeddings = (VOCABULARY + context) * width
    return 6 * (params - embeddings) + 12 * depth * width * context


def parse():
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../target-project/data/train.txt")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--framework", choices=["torch", "jax"], default="torch")
    modes = ["eager", "compile", "graph"]
    parser.add_argument("--mode", choices=modes, default="eager", help="of torch; graph: compiled, CUDA graphs")
    parser.add_argument("--attention", choices=["sdpa", "plain"], default="sdpa", help="of torch; jax has plain")
    parser.add_argument("--dtype", choices=["f32", "tf32", "bf16", "f16"], default="f32")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--mlp", type=int, default=256)
    parser.add_argument("--context", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--warmup", type=int, default=20, help="steps before the first block")
    parser.add_argument("--seconds", type=float, default=10, help="after warm-up; no block begins later")
    clocks = ["wall", "cpu"]
    parser.add_argument("--clock", choices=clocks, default="wall", help="cpu: the time of all threads, for a busy machine")
    parser.add_argument("--steps", type=int, default=10**9, help="most steps, warm-up included")
    parser.add_argument("--peak-tflops", type=float, help="of the device in this dtype")
    parser.add_argument("--text", default=beside)
    return parser.parse_args()


def measure(options, text, step, wait):
    """Trains and times. `step` gives the loss without waiting for it; `wait` waits for all that was begun."""
    random = Random(options.seed, stream=1)
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    losses = []

    def run(steps):
        began = clock()
        for _ in range(steps):
            losses.append(step(*batch(options, text, random)))
        wait()
        return clock() - began

    first = run(1)
    start = time.perf_counter() - BEGAN
    run(options.warmup // 2)
    half = max(options.warmup // 2, 1)
    block = max(1, round(options.seconds / BLOCKS * half / run(half)))
    rates = []
    end = clock() + options.seconds
    while clock() < end and len(losses) < options.steps:
        steps = min(block, options.steps - len(losses))
        rates.append(steps / run(steps))
    rate = statistics.median(rates)
    return {
        "steps_per_second": rate,
        "tokens_per_second": rate * options.batch * options.context,
        "steps": len(losses),
        "blocks": len(rates),
        "loss_first": float(losses[0]),
        "loss_last": float(losses[-1]),
        "first_step_seconds": first,
        "start_seconds": start,
    }


def batch(options, text, random):
    """Random windows of the text and, for each of their bytes, the byte that follows it. data.rs of the target."""
    starts = random.bits(options.batch) % np.uint64(len(text) - options.context)
    windows = text[starts[:, None].astype(np.int64) + np.arange(options.context + 1)]
    return windows[:, :-1], windows[:, 1:]


def initial_weights(options):
    """All parameters by name, in the order in which the target draws them. A matrix is [inputs, outputs]."""
    random = Random(options.seed, stream=0)
    weights = {}

    def normal(name, rows, columns):
        weights[name] = np.float32(INIT_STD) * random.normal(rows * columns).reshape(rows, columns)

    def linear(name, inputs, outputs):
        normal(f"{name}.weight", inputs, outputs)
        weights[f"{name}.bias"] = np.zeros(outputs, np.float32)

    def norm(name):
        weights[f"{name}.weight"] = np.ones(options.width, np.float32)
        weights[f"{name}.bias"] = np.zeros(options.width, np.float32)

    normal("tokens", VOCABULARY, options.width)
    normal("positions", options.context, options.width)
    for layer in range(options.depth):
        block = f"blocks.{layer}."
        norm(block + "attention_norm")
        for name in ["queries", "keys", "values", "output"]:
            linear(block + name, options.width, options.width)
        norm(block + "mlp_norm")
        linear(block + "up", options.width, options.mlp)
        linear(block + "down", options.mlp, options.width)
    norm("norm")
    linear("head", options.width, VOCABULARY)
    return weights


class Random:
    """SplitMix64, as in random.rs of the target, many numbers at a time."""

    STEP, MASK = 0x9E3779B97F4A7C15, 2**64 - 1

    def __init__(self, seed, stream):
        self.state = seed ^ (stream * 0xD1B54A32D192ED03 & self.MASK)
        self.state = int(self.bits(2)[1])

    def bits(self, count):
        z = np.uint64(self.state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(self.STEP)
        self.state = (self.state + count * self.STEP) & self.MASK
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))

    def normal(self, count):
        units = (self.bits(2 * count) >> np.uint64(11)).astype(np.float64) / 2**53
        radius = np.sqrt(-2 * np.log(1 - units[0::2]))
        return (radius * np.cos(2 * np.pi * units[1::2])).astype(np.float32)


def torch_step(options, weights):
    """The step in PyTorch: mixed precision by autocast, AdamW in one kernel for many parameters."""
    import torch
    from torch.nn import functional as F

    torch.backends.cuda.matmul.allow_tf32 = options.dtype == "tf32"
    half = {"bf16": torch.bfloat16, "f16": torch.float16}.get(options.dtype)
    device = torch.device(options.device)

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            width = options.width
            self.attention_norm = torch.nn.LayerNorm(width, NORM_EPSILON)
            self.queries = torch.nn.Linear(width, width)
            self.keys = torch.nn.Linear(width, width)
            self.values = torch.nn.Linear(width, width)
            self.output = torch.nn.Linear(width, width)
            self.mlp_norm = torch.nn.LayerNorm(width, NORM_EPSILON)
            self.up = torch.nn.Linear(width, options.mlp)
            self.down = torch.nn.Linear(options.mlp, width)

        def forward(self, x, hidden):
            x = x + self.attend(self.attention_norm(x), hidden)
            return x + self.down(F.gelu(self.up(self.mlp_norm(x))))

        def attend(self, x, hidden):
            batch, time, width = x.shape
            queries, keys, values = (
                linear(x).view(batch, time, options.heads, -1).transpose(1, 2)
                for linear in (self.queries, self.keys, self.values)
            )
            if options.attention == "sdpa":
                mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
            else:
                scores = queries @ keys.transpose(2, 3) / math.sqrt(width // options.heads)
                mixed = torch.softmax(scores.float().masked_fill(hidden, -1e9), 3) @ values
            return self.output(mixed.transpose(1, 2).reshape(batch, time, width))

    class Gpt(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens = torch.nn.Parameter(torch.empty(VOCABULARY, options.width))
            self.positions = torch.nn.Parameter(torch.empty(options.context, options.width))
            self.blocks = torch.nn.ModuleList(Block() for _ in range(options.depth))
            self.norm = torch.nn.LayerNorm(options.width, NORM_EPSILON)
            self.head = torch.nn.Linear(options.width, VOCABULARY)
            hidden = torch.ones(options.context, options.context, dtype=torch.bool).triu(1)
            self.register_buffer("hidden", hidden, persistent=False)

        def forward(self, inputs, targets):
            x = F.embedding(inputs, self.tokens) + self.positions
            for block in self.blocks:
                x = block(x, self.hidden)
            logits = self.head(self.norm(x))
            return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())

    model = Gpt()
    linears = {name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    for name, weight in weights.items():
        turned = weight.T if name.removesuffix(".weight") in linears else weight
        model.get_parameter(name).data.copy_(torch.tensor(turned))
    model.to(device)
    adamw = {"lr": options.rate, "betas": (BETA1, BETA2), "eps": EPSILON, "weight_decay": WEIGHT_DECAY}
    optimiser = torch.optim.AdamW(model.parameters(), **adamw, fused=True)
    scaler = torch.amp.GradScaler(device.type, enabled=options.dtype == "f16")
    loss_of = {
        "eager": lambda: model,
        "compile": lambda: torch.compile(model),
        "graph": lambda: torch.compile(model, mode="reduce-overhead"),
    }[options.mode]()

    def upload(tokens):
        tokens = torch.from_numpy(tokens.astype(np.int64))
        return tokens.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tokens

    def step(inputs, targets):
        with torch.autocast(device.type, half, enabled=half is not None):
            loss = loss_of(upload(inputs), upload(targets))
        scaler.scale(loss).backward()
        scaler.step(optimiser)
        scaler.update()
        optimiser.zero_grad(set_to_none=True)
        # A copy: the next replay of a CUDA graph writes where this loss lies.
        return loss.detach().clone()

    def about():
        said = {"device": "cpu", "version": torch.__version__, "attention": options.attention}
        if device.type == "cuda":
            said["device"] = torch.cuda.get_device_name().replace(" ", "_")
            said["device_memory"] = torch.cuda.max_memory_reserved()
        return said

    return step, torch.cuda.synchronize if device.type == "cuda" else lambda: None, about


def jax_step(options, weights):
    """The step in JAX, one jitted function; matrices are multiplied in the dtype, the rest is f32."""
    if options.device == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"
    import jax
    from jax import numpy as jnp

    # Without this a GPU multiplies f32 in tf32.
    jax.config.update("jax_default_matmul_precision", "tensorfloat32" if options.dtype == "tf32" else "float32")
    half = {"bf16": jnp.bfloat16, "f16": jnp.float16}.get(options.dtype, jnp.float32)
    scale = F16_LOSS_SCALE if options.dtype == "f16" else 1.0

    def linear(weights, name, x):
        return x.astype(half) @ weights[f"{name}.weight"].astype(half) + weights[f"{name}.bias"].astype(half)

    def norm(weights, name, x):
        centred = x - x.mean(2, keepdims=True)
        normal = centred / jnp.sqrt(jnp.square(centred).mean(2, keepdims=True) + NORM_EPSILON)
        return normal * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attend(weights, block, x):
        batch, time, width = x.shape
        queries, keys, values = (
            linear(weights, block + name, x).reshape(batch, time, options.heads, -1).transpose(0, 2, 1, 3)
            for name in ["queries", "keys", "values"]
        )
        scores = (queries @ keys.swapaxes(2, 3)).astype(jnp.float32) / math.sqrt(width // options.heads)
        seen = jnp.tril(jnp.ones((time, time), bool))
        mixed = jax.nn.softmax(jnp.where(seen, scores, -1e9), 3).astype(half) @ values
        return linear(weights, block + "output", mixed.transpose(0, 2, 1, 3).reshape(batch, time, width))

    def loss_of(weights, inputs, targets):
        x = weights["tokens"][inputs] + weights["positions"]
        for layer in range(options.depth):
            block = f"blocks.{layer}."
            x = x + attend(weights, block, norm(weights, block + "attention_norm", x))
            up = linear(weights, block + "up", norm(weights, block + "mlp_norm", x))
            x = x + linear(weights, block + "down", jax.nn.gelu(up, approximate=False))
        logits = linear(weights, "head", norm(weights, "norm", x)).astype(jnp.float32)
        log_probabilities = jax.nn.log_softmax(logits, 2)
        return -jnp.take_along_axis(log_probabilities, targets[:, :, None], 2).mean() * scale

    def adamw(weight, gradient, mean, square, time):
        mean = BETA1 * mean + (1 - BETA1) * gradient
        square = BETA2 * square + (1 - BETA2) * gradient**2
        update = mean / (1 - BETA1**time) / (jnp.sqrt(square / (1 - BETA2**time)) + EPSILON)
        return weight * (1 - options.rate * WEIGHT_DECAY) - options.rate * update, mean, square

    def train(state, inputs, targets):
        weights, means, squares, time = state
        loss, gradients = jax.value_and_grad(loss_of)(weights, inputs.astype(jnp.int32), targets.astype(jnp.int32))
        time = time + 1
        moved = {
            name: adamw(weights[name], gradients[name] / scale, means[name], squares[name], time) for name in weights
        }
        weights, means, squares = ({name: parts[i] for name, parts in moved.items()} for i in range(3))
        return (weights, means, squares, time), loss / scale

    train = jax.jit(train, donate_argnums=0)
    weights = {name: jnp.asarray(weight) for name, weight in weights.items()}
    means, squares = ({name: jnp.zeros_like(weight) for name, weight in weights.items()} for _ in range(2))
    state = (weights, means, squares, jnp.float32(0))

    def step(inputs, targets):
        nonlocal state
        state, loss = train(state, inputs, targets)
        return loss

    def about():
        said = {"device": "cpu", "version": jax.__version__, "attention": "plain"}
        device = jax.devices()[0]
        if device.platform != "cpu":
            said["device"] = device.device_kind.replace(" ", "_")
            said["device_memory"] = (device.memory_stats() or {}).get("peak_bytes_in_use", "unknown")
        return said

    return step, lambda: jax.block_until_ready(state), about


if __name__ == "__main__":
    main()
