//! Load client of the benchmark: one publisher and N viewers, each on a QUIC connection of its own, all on one thread.
//! Prints one JSON line with what was delivered, how late, and what it cost the relay. A byte that is not as published
//! fails the run with exit code 1.
mod args;
mod content;
mod histogram;
mod host;
mod link;
mod publisher;
mod run;
mod socket;
mod tls;
mod varint;
mod viewer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args = match args::Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(problem) => {
            eprintln!("moq-load: {problem}");
            std::process::exit(2);
        }
    };
    match run::Run::start(args).and_then(run::Run::finish) {
        Ok(line) => println!("{line}"),
        Err(problem) => {
            eprintln!("moq-load: {problem}");
            std::process::exit(1);
        }
    }
}
