//! The program: arguments in, exit status out.

fn main() -> std::process::ExitCode {
    linernotes::cli::main()
}
