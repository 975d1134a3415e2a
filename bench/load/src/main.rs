//! Load client of the benchmark: publishers and viewers, each on a connection of its own. The publisher has a thread, so have
//! bad networks; all viewers share one. Prints one JSON line with what was delivered, how late, and what it cost the relay.
//! `floor-serve` and `floor-view` do the same with nothing but the kernel between them. A byte that is not as published fails the run with exit code 1.
mod args;
mod content;
mod crowd;
mod floor;
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
mod web;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut words = std::env::args().skip(1).peekable();
    let mode = words.next_if(|word| !word.starts_with("--"));
    let outcome = match (args::Args::parse(words), mode.as_deref()) {
        (Err(problem), _) => {
            eprintln!("moq-load: {problem}");
            std::process::exit(2);
        }
        (Ok(args), Some("floor-serve")) => floor::serve(&args).map(|()| String::new()),
        (Ok(args), Some("floor-view")) => floor::view(&args),
        (Ok(args), _) => run::Run::start(args).and_then(run::Run::finish),
    };
    match outcome {
        Ok(line) => println!("{line}"),
        Err(problem) => {
            eprintln!("moq-load: {problem}");
            std::process::exit(1);
        }
    }
}
