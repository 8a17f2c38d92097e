//! The `autoresearch` program: parse, run, map to an exit code.

fn main() -> std::process::ExitCode {
    autoresearch::cli::main()
}
