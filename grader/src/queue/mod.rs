//! Gradings as jobs on a queue: a class is put there, workers on other machines grade it, and the class collects the reports.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`url`] | which queue is meant; its password is never shown |
//! | [`job`] | what is put there and what comes back, as bytes |
//! | [`posting`] | a job as whoever keeps the queue sees it |
//! | [`store`] | the queue's operations, on PostgreSQL or Redis |
//! | [`hand_out`] | the class's side: puts jobs there, collects what came of them, says how far it is |
//! | [`worker`] | the worker's side: takes a job, grades it as `grader grade` would, hands in what came of it |
//!
//! A job is named by its result's key, which digests all that could make another result. So whatever is done twice, because a
//! worker was killed, a connection broke or a class was begun again, is done under one name: the first outcome stays.

pub mod hand_out;
pub mod job;
mod postgres;
pub mod posting;
mod redis;
pub mod store;
pub mod url;
pub mod worker;
