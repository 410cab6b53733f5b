//! The arguments of `grader worker`, and where a queue is named.

use std::fmt;
use std::num::NonZeroUsize;

use cachedojo_notation::text::Language;
use clap::Args;

/// A queue's address as it was typed: it may hold a password, and is not shown.
#[derive(Clone)]
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(***)")
    }
}

impl From<String> for Typed {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Where a queue is named.
#[derive(Debug, Args)]
pub struct QueueArg {
    /// The queue, on Redis or PostgreSQL: `redis://HOST:PORT` or `postgres://USER@HOST/DATABASE` (see `grader worker --help`)
    #[arg(long, value_name = "URL")]
    pub queue: Option<Typed>,
}

const HELP: &str = "\
A class that outgrows one machine is put on a queue, and workers on as many machines as there are grade it:

  grader worker --queue redis://queue.example:6379                   on each machine, as long as you like
  grader class hand-ins/ --queue redis://queue.example:6379          on yours: it waits, and writes the results

  grader class hand-ins/ --exercise line-cache --queue postgres://ada:PASSWORD@db.example/grading

Any Redis from 4.0 or PostgreSQL from 12 on will do; the grader makes what it needs there. Submissions and results are cleared
away, an exercise with its checks stays for seven days after it was last asked for, two counters stay for good. The results are
those of a grading on one machine, byte for byte. A worker that is killed loses nothing: another one takes its submission. The
class may be interrupted and begun again; what was graded meanwhile is collected. Workers need the class's version of the
grader and of the compiler, and say so where theirs is another.

Who may write to the queue decides what the workers grade, and reads what learners handed in: give the queue a password, and
keep it within your network. No message shows the password; where the list of running programs is seen by others, put the
address into the environment as CACHEDOJO_QUEUE and leave --queue out of `grader worker`.

Ctrl-C ends a worker when its submissions are graded; a second one, or SIGTERM, at once.";

/// Arguments of `grader worker`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct WorkerArgs {
    /// The queue, on Redis or PostgreSQL: `redis://HOST:PORT` or `postgres://USER@HOST/DATABASE`
    #[arg(long, value_name = "URL", env = "CACHEDOJO_QUEUE", hide_env_values = true)]
    pub queue: Typed,
    /// How many submissions are graded at a time [default: one a core]
    #[arg(long, value_name = "N", value_parser = super::jobs)]
    pub jobs: Option<NonZeroUsize>,
    /// The language in which it tells what it does; reports are in the class's
    #[arg(long, value_parser = super::language, default_value = "en")]
    pub lang: Language,
    /// Grade without a sandbox, as a class that is graded with --trust asks: only if you trust everybody who can write to the queue
    #[arg(long)]
    pub trust: bool,
}
