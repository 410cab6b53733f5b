//! The desk: submissions wait in a bounded queue, and a few workers grade or build them, one each at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cachedojo_judge::Report;
use cachedojo_judge::pack::{Brief, CodeLanguage, InterfaceKind};
use cachedojo_notation::text::Language;
use tempfile::TempDir;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::class::work::grade_one;
use crate::host::outcome::UsageError;
use crate::intake::folder_of;
use crate::intake::submission::{Submission, root_names};
use crate::language::toolchain::{Reason, Rejected};
use crate::run::bench::Bench;
use crate::run::in_page::NotInPage;
use crate::run::isolated;
use crate::run::stop::Stop;

/// The most submissions that wait; the next one is told to come back.
const QUEUE: usize = 32;
/// How long a request waits in the queue. Once its grading has begun, that has limits of its own, and whatever a grading may take is
/// waited for.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long an answer may take, counted from when all of the request has come.
pub(super) const LONGEST: Duration = PATIENCE.saturating_add(isolated::WALL);
/// The most characters of a refusal to build: the report says the rest.
const REFUSAL_CHARACTERS: usize = 1_000;
/// The submission's path in a report, where the sender has no name for it.
pub const SUBMISSION: &str = "submission";

/// What was sent, laid out as files.
#[derive(Debug)]
pub struct LaidOut {
    /// The folder that contains all of it, removed with this.
    pub folder: TempDir,
    /// The submission in that folder: a folder of files, or one file.
    pub place: PathBuf,
    /// The sender's name for it.
    pub name: String,
}

impl LaidOut {
    /// A message about the submission, with the sender's name for it in place of where it was laid out.
    fn named(&self, message: &str) -> String {
        let place = self.place.display().to_string();
        let message = message.replace(&place, &self.name);
        message.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// A submission to grade.
#[derive(Debug)]
pub struct Order {
    /// The submission.
    pub submission: LaidOut,
    /// An exercise's id.
    pub exercise: String,
    /// The grading seed.
    pub seed: u64,
    /// The report's language.
    pub language: Language,
}

struct Ticket {
    order: Order,
    /// Stopped when the requester is gone.
    stop: Arc<Stop>,
    /// Told when its turn has come.
    begun: oneshot::Sender<()>,
    answer: Answer,
}

/// What is wanted of a submission, and where it goes.
enum Answer {
    Report(oneshot::Sender<Result<Report, String>>),
    Module(oneshot::Sender<Result<PageModule, String>>),
}

/// What came of building a submission for the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageModule {
    /// Its module.
    Module(Vec<u8>),
    /// There is none, and why: it does not build, is forbidden, or does not run in a page.
    Refused(String),
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReport {
    /// The queue is full.
    Busy,
    /// Its turn did not come in time.
    TooLate,
    /// The grader failed.
    Failed(String),
}

/// An exercise in the API's list.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Offer {
    /// Its id: what a request names.
    pub id: String,
    /// Its title in English.
    pub title: String,
    /// Its title in French.
    pub title_fr: String,
    /// The points there are.
    pub max_score: u32,
    /// From how many points it is passed.
    pub passing_score: u32,
    /// The languages of its submissions.
    pub languages: Vec<CodeLanguage>,
    /// The file that a submission begins with, in each language.
    pub roots: Vec<String>,
    /// Whether a submission has several files, as the starter has: one of them alone does not compile.
    pub is_folder: bool,
    /// Whether what is handed in is graded: a service is where this program may start it.
    pub is_graded: bool,
}

/// The side where submissions are handed in.
#[derive(Debug, Clone)]
pub struct Desk {
    queue: SyncSender<Ticket>,
    offers: Arc<[Offer]>,
    briefs: Arc<[Brief]>,
    places: Arc<Semaphore>,
}

/// The workers' side.
#[derive(Debug)]
pub struct Workers<'a> {
    tickets: Mutex<Receiver<Ticket>>,
    benches: &'a BTreeMap<String, Bench<'a>>,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.order.fmt(f)
    }
}

/// A desk for these exercises (by id), and its workers' side.
pub fn open<'a>(benches: &'a BTreeMap<String, Bench<'a>>) -> (Desk, Workers<'a>) {
    let (queue, tickets) = sync_channel(QUEUE);
    let offer = |bench: &Bench<'_>| {
        let exercise = &bench.pack.exercise;
        let roots = root_names(exercise);
        let starters = bench.pack.brief().starters;
        let is_folder = roots.iter().zip(&starters).all(|(root, starter)| {
            let folder = folder_of(root);
            !folder.is_empty() && starter.files.keys().filter(|file| file.starts_with(folder)).count() > 1
        });
        Offer {
            id: exercise.id.clone(),
            title: exercise.title.get(Language::English).to_owned(),
            title_fr: exercise.title.get(Language::French).to_owned(),
            max_score: exercise.max_score(),
            passing_score: exercise.passing_score,
            languages: exercise.languages.clone(),
            roots,
            is_folder,
            is_graded: exercise.interface != InterfaceKind::Service || bench.is_trusting(),
        }
    };
    let places = Arc::new(Semaphore::new(QUEUE));
    let briefs = benches.values().map(|bench| bench.pack.brief()).collect();
    let desk = Desk { queue, offers: benches.values().map(offer).collect(), briefs, places };
    (desk, Workers { tickets: Mutex::new(tickets), benches })
}

impl Desk {
    /// The list of exercises.
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// What a learner is told of an exercise before handing in.
    pub fn brief(&self, id: &str) -> Option<&Brief> {
        self.briefs.iter().find(|brief| brief.id == id)
    }

    /// A place for a request, from when its submission has come until its report is ready; `None` if all are taken.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// The report on a submission. If the future is dropped before it is ready, the grading is stopped.
    ///
    /// # Errors
    /// See [`NoReport`].
    pub async fn report(&self, order: Order) -> Result<Report, NoReport> {
        self.hand_in(order, Answer::Report, PATIENCE).await
    }

    /// The module of a submission, for the page: through the same queue, and stopped alike.
    ///
    /// # Errors
    /// See [`NoReport`].
    pub async fn module(&self, order: Order) -> Result<PageModule, NoReport> {
        self.hand_in(order, Answer::Module, PATIENCE).await
    }

    async fn hand_in<T>(
        &self,
        order: Order,
        answer: fn(oneshot::Sender<Result<T, String>>) -> Answer,
        patience: Duration,
    ) -> Result<T, NoReport> {
        let (sender, report) = oneshot::channel();
        let (begun, turn) = oneshot::channel();
        let wanted = Wanted(Arc::default());
        let ticket = Ticket { order, stop: wanted.0.clone(), begun, answer: answer(sender) };
        self.queue.try_send(ticket).map_err(|refused| match refused {
            TrySendError::Full(_) => NoReport::Busy,
            TrySendError::Disconnected(_) => NoReport::Failed("the grader is being closed".to_owned()),
        })?;
        // A desk that is closed ends both.
        _ = tokio::time::timeout(patience, turn).await.map_err(|_| NoReport::TooLate)?;
        match report.await {
            Err(_) => Err(NoReport::Failed("the grader is being closed".to_owned())),
            Ok(report) => report.map_err(NoReport::Failed),
        }
    }
}

/// Stops the grading when dropped.
struct Wanted(Arc<Stop>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Workers<'_> {
    /// Grades submissions until the desk is closed.
    pub fn work(&self) {
        loop {
            let next = self.tickets.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Ticket { order, stop, begun, answer }) = next else { break };
            _ = begun.send(());
            // A request that has given up costs no time.
            match answer {
                Answer::Report(answer) if !answer.is_closed() => _ = answer.send(self.grade(&order, &stop)),
                Answer::Module(answer) if !answer.is_closed() => _ = answer.send(self.build(&order, &stop)),
                _ => {}
            }
        }
    }

    fn build(&self, order: &Order, stop: &Stop) -> Result<PageModule, String> {
        let bench = self.benches.get(&order.exercise).ok_or("there is no such exercise")?;
        match isolated::build(bench, &order.submission.place, stop) {
            Ok(module) => Ok(PageModule::Module(module)),
            Err(error) => {
                let why = unbuilt(&error, order.language).ok_or_else(|| format!("{error:#}"))?;
                Ok(PageModule::Refused(order.submission.named(&why).chars().take(REFUSAL_CHARACTERS).collect()))
            }
        }
    }

    fn grade(&self, order: &Order, stop: &Stop) -> Result<Report, String> {
        let bench = self.benches.get(&order.exercise).ok_or("there is no such exercise")?;
        let grade = |path: &Path| isolated::grade(bench, path, order.seed, order.language, stop);
        let submission = &order.submission;
        let mut report = grade_one(&submission.place, &grade)?;
        submission.name.clone_into(&mut report.submission.path);
        report.submission.files = graded(&submission.place, &bench.pack.exercise.languages);
        for found in &mut report.diagnostics {
            found.message = submission.named(&found.message);
        }
        Ok(report)
    }
}

/// What an error says of the submission; nothing where the grader itself failed.
fn unbuilt(error: &anyhow::Error, language: Language) -> Option<String> {
    let not_in_page = error.downcast_ref::<NotInPage>().map(|why| why.sentence(language).to_owned());
    let rejected = error.downcast_ref::<Rejected>().filter(|rejected| rejected.reason != Reason::HarnessError);
    let nothing = || error.downcast_ref::<UsageError>().map(ToString::to_string);
    not_in_page.or_else(|| rejected.map(|rejected| rejected.text_in(language))).or_else(nothing)
}

/// The files that were graded, of all that were handed in: the root file first.
fn graded(place: &Path, languages: &[CodeLanguage]) -> Vec<String> {
    let Ok(Submission { root, files, .. }) = Submission::read(place, languages) else { return Vec::new() };
    let others = files.into_keys().filter(|name| *name != root);
    std::iter::once(root.clone()).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        let folder = tempfile::tempdir().expect("there is room");
        let submission = LaidOut { place: folder.path().to_owned(), folder, name: SUBMISSION.to_owned() };
        Order { submission, exercise: "no-such".to_owned(), seed: 0, language: Language::English }
    }

    #[test]
    fn a_full_queue_says_so_and_a_closed_desk_leaves_nobody_waiting() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let benches = BTreeMap::new();
        let (desk, workers) = open(&benches);
        runtime.block_on(async {
            let waiting: Vec<_> = (0..QUEUE)
                .map(|_| {
                    let desk = desk.clone();
                    tokio::spawn(async move { desk.report(order()).await })
                })
                .collect();
            tokio::task::yield_now().await;
            assert_eq!(desk.report(order()).await, Err(NoReport::Busy));
            drop(workers);
            for answer in waiting {
                assert!(matches!(answer.await.expect("no panic"), Err(NoReport::Failed(_))));
            }
        });
    }

    #[test]
    fn a_grading_that_has_begun_is_waited_for_and_one_whose_turn_does_not_come_is_not() {
        const SHORT: Duration = Duration::from_millis(5);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let benches = BTreeMap::new();
        let (desk, workers) = open(&benches);
        runtime.block_on(async {
            let asked = tokio::spawn({
                let desk = desk.clone();
                async move { desk.hand_in(order(), Answer::Module, SHORT).await }
            });
            tokio::task::yield_now().await;
            let taken = workers.tickets.lock().unwrap_or_else(PoisonError::into_inner).try_recv();
            let Ticket { begun, answer, .. } = taken.expect("it waits");
            begun.send(()).expect("somebody waits");
            // Longer than a turn is waited for.
            tokio::time::sleep(SHORT * 2).await;
            let Answer::Module(answer) = answer else { panic!("a module was asked for") };
            answer.send(Ok(PageModule::Module(vec![7]))).expect("it is still waited for");
            assert_eq!(asked.await.expect("no panic"), Ok(PageModule::Module(vec![7])));
            assert_eq!(desk.hand_in(order(), Answer::Module, SHORT).await, Err(NoReport::TooLate));
        });
    }

    #[test]
    fn a_worker_answers_whatever_is_asked_and_ends_with_the_desk() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let benches = BTreeMap::new();
        let (desk, workers) = open(&benches);
        std::thread::scope(|scope| {
            scope.spawn(|| workers.work());
            let answer = runtime.block_on(desk.report(order()));
            assert_eq!(answer, Err(NoReport::Failed("there is no such exercise".to_owned())));
            drop(desk);
        });
    }
}
