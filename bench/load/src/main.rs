//! Load client of the benchmark: publishers and viewers, each on a connection of its own. The publisher has a thread, so have
//! bad networks; all viewers share one. Prints one JSON line with what was delivered, how late, and what it cost the relay.
//! A byte that is not as published fails the run with exit code 1.
mod args;
mod content;
mod crowd;
mod follow;
mod histogram;
mod host;
mod impairment;
mod link;
mod listening;
mod media;
mod party;
mod peer;
mod plan;
mod proxy;
mod publication;
mod publisher;
mod reader;
mod record;
mod run;
mod socket;
mod tally;
mod tls;
mod varint;

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
