//! The program: arguments in, exit status out.

/// An edit allocates some hundred times, on one thread what another gives back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    linernotes::cli::main()
}
