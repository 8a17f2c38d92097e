//! Numbers that are the task and not the training: what makes, sizes, splits or judges the data, how long a run may
//! take, what is told of it. A search that turns one of them finds an easier task, or a longer run.
//!
//! All that is known of a number is its name, so this is a table of names, whole words in singular.

use std::sync::LazyLock;

use super::knob::{Kind, Knob};
use super::left_out::Why;
use super::literal::Literal;

/// Anywhere in a name.
const SEED: &str = "seed";
/// Beginning of the methods that set something.
const SETTER: &str = "with_";

/// Names of what is not to be searched. In a phrase, `a|b` is one word or the other, `a|b?` may be missing, and `..` stands
/// for any words. CAPITALS are one of the `LISTS`.
const TABLE: &[(Why, &[&str])] = &[
    // More of it is more training, and two runs of unlike length are no comparison.
    (
        Why::Budget,
        &[
            "COUNT? TRAIN? epoch",
            "epoch count|number|size|limit",
            "sample|step|batch|iteration|iter|example per epoch",
            "COUNT TRAIN? iteration|iter|episode|generation|game|update|batch",
            "TRAIN iteration|iter|step|timestep|episode|generation|game|update",
            "max|maximum|total|num TRAIN? step",
            "max|maximum|total TRAIN? timestep",
            "n|nb TRAIN step|timestep",
            "episode",
            "generation",
            "early stop|stopping ..",
            "TRAIN|max|run time|duration|second|minute|hour",
            "time limit|budget",
            "TRAIN|compute|time? budget",
        ],
    ),
    // They change when the data arrive, not what is learned from them, except by accident.
    (
        Why::Loader,
        &[
            ".. worker",
            ".. thread",
            "prefetch ..",
            "COUNT cpu|cpus|core|proc|process|gpu|gpus|device|shard",
            "pin memory",
        ],
    ),
    // Fewer, shorter, cleaner data to be judged on are an easier task.
    (
        Why::Data,
        &[
            "COUNT? SET",
            "COUNT? SET set|data|dataset? SIZE|PART|THING",
            "split PART|at|point|index?",
            "SET split PART?",
            "data|dataset SIZE|PART|THING|noise|limit",
            ".. dataset SIZE",
            "COUNT THING",
            "THING count",
            "noise level",
            "data|label|target|observation noise ..",
            "max|maximum|min|minimum? seq|sequence SIZE",
            "max|maximum len|length",
            "sample|sampling rate|frequency",
            "image|sample|item|example idx|inx|index",
        ],
    ),
    // The data fix them: any other value fails, or wastes a part of the network.
    (
        Why::Shape,
        &[
            "input|output SIZE|DIMENSION?",
            "d|dim input|output|in|out",
            "in channel|feature|dim",
            "COUNT input|output|feature|class|label|category|target|sensor|action|observation|obs|pixel|char|word",
            "class|label|category|feature|sensor|action count|number",
            "class",
            "label",
            "action",
            "action|observation|obs SIZE|DIMENSION|space",
            ".. vocab|vocabulary SIZE|DIMENSION?",
            "COUNT vocab|vocabulary|token",
            ".. image|img|frame|screen|board|grid SIZE|DIMENSION",
        ],
    ),
    // Who changes the measure has improved nothing.
    (
        Why::Evaluation,
        &[
            "COUNT? JUDGE batch SIZE?",
            "COUNT? JUDGE step|iteration|iter|episode|game|run|round|metric",
            "JUDGE EVERY ..",
            "metric ..",
            "METRIC threshold|thresh|cutoff",
            "target|goal|solved|required accuracy|acc|reward|score|loss|return",
        ],
    ),
    (
        Why::Reporting,
        &[
            "print|report|display|plot|save|checkpoint|ckpt|snapshot|render|progress|verbose|verbosity|debug ..",
            "log|logging|record|dump|sample|generate EVERY|level|step|epoch|batch|iteration|iter ..",
            ".. log|logging|print|report|display|plot|save|checkpoint|ckpt|render EVERY|step",
            "keep|COUNT checkpoint|ckpt",
            "verbose",
        ],
    ),
    (Why::System, &[".. port", ".. version", ".. timeout ..", "magic ..", "max|num? retry|retrie"]),
    // What a number in the data means.
    (
        Why::Code,
        &[
            "CODE token|id|idx|index|tok",
            "CODE token id|idx|index",
            ".. token id|idx|index",
            ".. per UNIT",
            "gravity",
        ],
    ),
];

/// The phrases of the table, each in its words.
static PHRASES: LazyLock<Vec<(Why, Vec<&str>)>> = LazyLock::new(|| {
    let phrases = TABLE.iter().flat_map(|(why, phrases)| phrases.iter().map(|phrase| (*why, *phrase)));
    phrases.map(|(why, phrase)| (why, phrase.split(' ').collect())).collect()
});

/// Words that can stand for each other in a phrase.
const LISTS: &[(&str, &[&str])] = &[
    ("COUNT", &["num", "n", "nb", "max", "maximum", "total", "number"]),
    ("TRAIN", &["train", "training", "pretrain", "pretraining", "finetune", "finetuning"]),
    (
        "SET",
        &[
            "train",
            "training",
            "test",
            "testing",
            "valid",
            "validation",
            "val",
            "eval",
            "evaluation",
            "dev",
            "holdout",
        ],
    ),
    (
        "JUDGE",
        &[
            "test",
            "testing",
            "valid",
            "validation",
            "val",
            "eval",
            "evaluation",
            "dev",
            "evaluate",
            "validate",
        ],
    ),
    ("SIZE", &["size", "count", "len", "length", "num", "number", "total"]),
    ("PART", &["ratio", "frac", "fraction", "share", "portion", "percent", "percentage", "pct", "split"]),
    (
        "THING",
        &[
            "sample",
            "example",
            "item",
            "image",
            "point",
            "sequence",
            "row",
            "record",
            "file",
            "document",
            "sentence",
            "user",
            "node",
            "edge",
            "instance",
            "datum",
            "data",
            "datapoint",
        ],
    ),
    (
        "DIMENSION",
        &[
            "dim",
            "dimension",
            "width",
            "height",
            "channel",
            "feature",
            "shape",
            "side",
            "row",
            "col",
            "column",
            "resolution",
        ],
    ),
    ("EVERY", &["every", "each", "interval", "freq", "frequency", "period"]),
    (
        "METRIC",
        &[
            "accuracy",
            "acc",
            "score",
            "iou",
            "nms",
            "confidence",
            "conf",
            "decision",
            "classification",
            "detection",
            "success",
            "pass",
            "reward",
            "eval",
            "evaluation",
        ],
    ),
    (
        "CODE",
        &[
            "pad", "padding", "bos", "eos", "sos", "unk", "unknown", "sep", "cls", "mask", "start", "end",
            "blank", "ignore",
        ],
    ),
    ("UNIT", &["second", "minute", "hour", "day", "week", "month", "year", "byte", "kb", "mb"]),
];

/// With one of these words, a name is of a schedule, which is worth a search: `warmup_epochs`.
const SCHEDULES: &[&str] = &[
    "warmup",
    "warm",
    "decay",
    "anneal",
    "annealing",
    "restart",
    "cycle",
    "ramp",
    "freeze",
    "unfreeze",
    "lr",
];

/// Names of budgets outside of functions and in those that train; in others, they are of an algorithm: steps of Newton's
/// method.
const LOOPS: &[&str] = &["step", "iteration", "iter"];
const TRAINERS: &[&str] = &["main", "run", "train", "fit"];

/// Constants of mathematics, by their names, which others have as well, and their values.
const NATURE: &[(&str, f64)] = &[
    ("pi", std::f64::consts::PI),
    ("two pi", std::f64::consts::TAU),
    ("tau", std::f64::consts::TAU),
    ("half pi", std::f64::consts::FRAC_PI_2),
    ("e", std::f64::consts::E),
    ("euler", std::f64::consts::E),
    ("sqrt 2", std::f64::consts::SQRT_2),
    ("sqrt2", std::f64::consts::SQRT_2),
    ("ln 2", std::f64::consts::LN_2),
    ("ln2", std::f64::consts::LN_2),
    ("log2 e", std::f64::consts::LOG2_E),
    ("phi", 1.618_033_988_749_895),
];
/// People write 3.14, too.
const ROUNDED: f64 = 1e-3;

/// Why a knob belongs to the task, going by its name; `None` if it does not. What has a ladder was meant to be searched.
pub(super) fn why(knob: &Knob) -> Option<Why> {
    let name = &knob.own_name;
    if name.to_lowercase().contains(SEED) {
        return Some(Why::Seed);
    }
    if knob.is_fixed {
        return Some(Why::Fixed);
    }
    if knob.listed.is_some() {
        return None;
    }
    let name = if knob.kind == Kind::Setter { name.strip_prefix(SETTER).unwrap_or(name) } else { name };
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let value = Literal::parse(&knob.text).map(|literal| literal.value);
    let is_nature = |(name, constant): &(&str, f64)| {
        *name == words.join(" ") && value.is_some_and(|value| (value / constant - 1.0).abs() < ROUNDED)
    };
    if NATURE.iter().any(is_nature) {
        return Some(Why::Code);
    }
    if words.iter().any(|word| SCHEDULES.contains(word)) {
        return None;
    }
    let scope = knob.name.rsplit("::").nth(1);
    let trains = knob.kind == Kind::Constant && scope.is_none_or(|scope| TRAINERS.contains(&scope));
    if trains && matches!(words[..], [only] if LOOPS.contains(&only)) {
        return Some(Why::Budget);
    }
    PHRASES.iter().find(|(_, phrase)| is_phrase(phrase, &words)).map(|(why, _)| *why)
}

/// The words of a name in singular: `NUM_EPOCHS`, `numEpochs` and `num_epochs` are `num epoch`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if c == '_' || was_small && c.is_uppercase() {
            words.push(String::new());
        }
        was_small = c.is_lowercase();
        if c != '_' {
            words.last_mut().expect("there is one from the start").extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().map(singular).collect()
}

fn singular(word: String) -> String {
    for (plural, ending) in [("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x"), ("indices", "index")]
    {
        if let Some(stem) = word.strip_suffix(plural) {
            return format!("{stem}{ending}");
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if word.len() > 3 && !stem.ends_with(['s', 'u', 'i', 'o']) => stem.to_owned(),
        _ => word,
    }
}

/// Whether words are what a phrase describes.
fn is_phrase(phrase: &[&str], words: &[&str]) -> bool {
    let Some((first, rest)) = phrase.split_first() else { return words.is_empty() };
    if *first == ".." {
        return (0..=words.len()).any(|skipped| is_phrase(rest, &words[skipped..]));
    }
    let is_optional = first.ends_with('?');
    let takes = words.split_first().is_some_and(|(word, others)| {
        first.trim_end_matches('?').split('|').any(|option| is_word(option, word)) && is_phrase(rest, others)
    });
    takes || is_optional && is_phrase(rest, words)
}

fn is_word(option: &str, word: &str) -> bool {
    match LISTS.iter().find(|(list, _)| *list == option) {
        Some((_, list)) => list.contains(&word),
        None => option == word,
    }
}

#[cfg(test)]
mod tests {
    use super::super::knob;
    use super::super::parse::with_parsed;
    use super::*;

    fn why_of(text: &str) -> Option<Why> {
        why(&with_parsed(text, knob::find).expect("Rust").pop().expect(text))
    }

    fn why_of_name(name: &str) -> Option<Why> {
        why_of(&format!("const {name}: usize = 7;"))
    }

    #[test]
    fn names_of_the_task_are_known_in_every_spelling() {
        for (why, names) in [
            (
                Why::Budget,
                "num_epochs EPOCHS MAX_EPOCHS n_epochs numEpochs TRAIN_EPOCHS epoch_count n_iter n_iterations",
            ),
            (
                Why::Budget,
                "max_iters num_steps max_steps TOTAL_STEPS train_steps training_steps total_timesteps num_episodes",
            ),
            (
                Why::Budget,
                "steps_per_epoch STEPS iterations early_stopping_patience time_limit MAX_SECONDS num_batches budget",
            ),
            (Why::Seed, "seed DATA_SEED with_seed SEEDS"),
            (
                Why::Loader,
                "num_workers WORKERS n_workers num_threads loader_threads prefetch prefetch_factor NUM_CPUS",
            ),
            (
                Why::Data,
                "NUM_TRAIN num_test NUM_TESTS num_valid train_size test_size VAL_SIZE split train_ratio val_frac",
            ),
            (
                Why::Data,
                "TRAIN_SPLIT validation_split test_fraction train_set_size num_train_samples num_samples NUM_SEQUENCES",
            ),
            (
                Why::Data,
                "n_points n_samples seq_length SEQ_LENGTH seq_len max_seq_length max_sequence_length noise_level NOISE_LEVEL",
            ),
            (
                Why::Data,
                "dataset_size data_size DATA_POINTS label_noise num_images max_samples holdout_share SPLIT_RATIO IMAGE_INX",
            ),
            (
                Why::Shape,
                "input_size OUTPUT_SIZE input_dim INPUT_CHANNELS in_channels num_classes NUM_CLASSES n_classes",
            ),
            (
                Why::Shape,
                "CLASSES vocab_size VOCABULARY_SIZE src_vocab_size image_size IMG_SIZE IMAGE_HEIGHT image_channels",
            ),
            (
                Why::Shape,
                "num_features n_inputs NUM_ACTIONS action_dim obs_size BOARD_SIZE num_labels INPUT OUTPUT d_input",
            ),
            (
                Why::Evaluation,
                "eval_batch_size VALID_BATCH_SIZE test_batch_size eval_interval eval_every n_eval_episodes eval_steps",
            ),
            (
                Why::Evaluation,
                "accuracy_threshold IOU_THRESHOLD confidence_threshold target_reward metric_window val_batches",
            ),
            (
                Why::Reporting,
                "log_interval LOG_EVERY print_every save_interval checkpoint_freq report_every loss_log_interval sample_interval",
            ),
            (
                Why::Reporting,
                "print_obs verbose log_every_n_steps keep_checkpoints SAVE_EVERY_EPOCHS plot_interval",
            ),
            (Why::System, "port SERVER_PORT version FORMAT_VERSION timeout timeout_ms"),
            (Why::Code, "pad_token_id PAD_TOKEN eos_id mask_token SECONDS_PER_DAY BYTES_PER_MB unk_idx"),
        ] {
            for name in names.split(' ') {
                assert_eq!(why_of_name(name), Some(why), "{name}: {:?}", words(name));
            }
        }
    }

    #[test]
    fn names_of_what_is_searched_stay() {
        for names in [
            "batch_size BATCH_SIZE BATCH train_batch_size mini_batch_size num_minibatches grad_accum_steps",
            "hidden_size HIDDEN hidden_dim d_model d_ff embed_dim embedding_size num_layers n_layers num_heads N_HEADS depth width",
            "dropout drop_rate learning_rate lr LR MAX_LR min_lr lr_step_size momentum weight_decay beta1 BETA_2 epsilon",
            "warmup_steps num_warmup_steps WARMUP_EPOCHS warm_up_steps decay_epochs lr_decay_steps cycle_length label_smoothing",
            "smoothing context CONTEXT CONTEXT_LENGTH block_size window WINDOW_SIZE kernel_size stride padding out_channels",
            "clip_norm grad_clip GRAD_NORM_THRESHOLD gamma GAE_LAMBDA TAU ppo_epochs K_EPOCHS n_steps rollout_length buffer_size",
            "replay_size target_update_interval sync_interval entropy_coef LOG_STD_MIN log_alpha num_experts top_k state_dim",
            "d_state temperature loss_weight num_blocks residual_scale init_std expansion patch_size latent_dim num_filters",
            "num_residual_blocks norm_eps rms_norm tied bias use_bias HEAD_WIDTH num_channels channels RATE STEP_SIZE BIASES",
            "MASK_VALUE noise_std timesteps diffusion_steps num_timesteps momentum_decay gru_units num_groups",
        ] {
            for name in names.split(' ') {
                assert_eq!(why_of_name(name), None, "{name}: {:?}", words(name));
            }
        }
    }

    #[test]
    fn constants_of_mathematics_are_known_by_name_and_value() {
        assert_eq!(why_of("const PI: f64 = 3.14;"), Some(Why::Code));
        assert_eq!(why_of("const SQRT_2: f32 = 1.41421356;"), Some(Why::Code));
        assert_eq!(why_of("const TAU: f64 = 6.2831853;"), Some(Why::Code));
        assert_eq!(why_of("const TAU: f64 = 0.005;"), None);
    }

    #[test]
    fn steps_are_a_budget_outside_of_functions_and_where_something_is_trained() {
        assert_eq!(why_of("const STEPS: usize = 400;"), Some(Why::Budget));
        assert_eq!(why_of("fn train() { const STEPS: usize = 400; }"), Some(Why::Budget));
        assert_eq!(why_of("fn newton() { const STEPS: usize = 5; }"), None);
        assert_eq!(why_of("struct D { #[config(default = 5)] steps: usize }"), None);
    }

    #[test]
    fn fields_setters_and_what_is_said_to_be_fixed_count_and_a_ladder_overrules() {
        assert_eq!(why_of("struct T { #[config(default = 5)] num_epochs: usize }"), Some(Why::Budget));
        assert_eq!(why_of("fn f() { x.with_num_workers(4); }"), Some(Why::Loader));
        assert_eq!(why_of("/// Fixed: the data are bytes.\nconst A: usize = 256;"), Some(Why::Fixed));
        assert_eq!(why_of("/// Ladder: 64, 128\nconst SEQ_LENGTH: usize = 64;"), None);
        assert_eq!(why_of("/// Ladder: 1, 2\nconst DATA_SEED: usize = 1;"), Some(Why::Seed));
    }

    #[test]
    fn the_table_names_only_lists_that_are_there() {
        let phrases = TABLE.iter().flat_map(|(_, phrases)| *phrases);
        for option in
            phrases.flat_map(|phrase| phrase.split([' ', '|'])).map(|word| word.trim_end_matches('?'))
        {
            let is_list = option.chars().all(|c| c.is_uppercase());
            assert!(!is_list || LISTS.iter().any(|(list, _)| *list == option), "{option}");
            assert!(
                is_list || option == ".." || singular(option.to_owned()) == option,
                "{option} is no singular"
            );
        }
        for word in LISTS.iter().flat_map(|(_, words)| *words) {
            assert_eq!(singular((*word).to_owned()), *word);
        }
    }
}
