//! The sentences of the simulated cluster and of the engine, in both languages.

/// A sentence in English and in French, with `{}` where a name or number stands, and in French `{+}` where a sentence does.
type Phrase = (&'static str, &'static str);

/// All sentences.
pub(super) fn phrases() -> impl Iterator<Item = &'static Phrase> {
    OF_ENGINE.iter().chain(OF_CLUSTER)
}

const OF_ENGINE: &[Phrase] = &[
    ("returned a `{}`, not a list of strings", "a renvoyé un `{}`, pas une liste de chaînes"),
    ("was ended because it {}, which no submission may", "a été arrêté car un rendu n'en a pas le droit : {}"),
    ("ran out of the interpreter's stack", "a épuisé la pile de l'interpréteur"),
    // What a thread of a deadlock waits for, in Python.
    ("thread {} waits {}", "thread {} attend {+}"),
    ("in `{}` at {} in {} for {}", "dans `{}` à {} dans {} {+}"),
    ("in `{}` at {} in {} until {}", "dans `{}` à {} dans {} {+}"),
    ("in `{}` at {} in {}", "dans `{}` à {} dans {}"),
    ("at {} in {} for {}", "à {} dans {} {+}"),
    ("at {} in {} until {}", "à {} dans {} {+}"),
    ("at {} in {}", "à {} dans {}"),
    ("a lock that it holds itself, taken at line {}", "un verrou qu'il tient lui-même, pris à la ligne {}"),
    ("a lock that it holds itself", "un verrou qu'il tient lui-même"),
    ("a lock held by {}, taken at line {}", "un verrou tenu par {}, pris à la ligne {}"),
    ("a lock held by {}", "un verrou tenu par {}"),
    ("the end of thread {}", "la fin du thread {}"),
    (
        "another thread notifies it (`notify`, `notify_all`, or `set` of an event)",
        "qu'un autre thread le notifie (`notify`, `notify_all`, ou `set` d'un événement)",
    ),
    ("another thread notifies it (`notify`, `notify_all`)", "qu'un autre thread le notifie (`notify`, `notify_all`)"),
    ("another thread calls `release`", "qu'un autre thread appelle `release`"),
    ("another thread puts something in", "qu'un autre thread y mette quelque chose"),
    ("another thread takes something out", "qu'un autre thread en retire quelque chose"),
    ("the result is there", "que le résultat soit là"),
    ("all that was put in is done", "que tout ce qui y fut mis soit traité"),
    (
        "the value is larger than the cache; store a smaller one",
        "la valeur est plus grande que le cache ; enregistrez-en une plus petite",
    ),
    ("nothing", "rien"),
    ("nobody", "personne"),
];

#[cfg(not(feature = "cluster"))]
const OF_CLUSTER: &[Phrase] = &[];

#[cfg(feature = "cluster")]
const OF_CLUSTER: &[Phrase] = &[
    ("leads term {}", "mène le mandat {}"),
    ("begins a handover, ring epoch {}", "commence une passation, époque d'anneau {}"),
    ("is at ring epoch {}", "est à l'époque d'anneau {}"),
    ("holds all that it should at epoch {}", "tient tout ce qu'il doit à l'époque {}"),
    ("keeps a value of {} from a hint, version {}", "garde une valeur de {} grâce à un rappel, version {}"),
    (
        "keeps a value of {} from comparing digests, version {}",
        "garde une valeur de {} en comparant les empreintes, version {}",
    ),
    ("keeps a value of {} from a handover, version {}", "garde une valeur de {} par passation, version {}"),
    ("keeps a value of {}, version {}", "garde une valeur de {}, version {}"),
    ("keeps a tombstone of {} from a hint, version {}", "garde une pierre tombale de {} grâce à un rappel, version {}"),
    (
        "keeps a tombstone of {} from comparing digests, version {}",
        "garde une pierre tombale de {} en comparant les empreintes, version {}",
    ),
    ("keeps a tombstone of {} from a handover, version {}", "garde une pierre tombale de {} par passation, version {}"),
    ("keeps a tombstone of {}, version {}", "garde une pierre tombale de {}, version {}"),
    ("has enough answers for {}: {}, {} needed of {}", "a assez de réponses pour {} : {}, il en faut {} parmi {}"),
    ("holds something newer of {} than version {}", "tient déjà de {} plus récent que la version {}"),
    ("does not answer for {}: it is not whole yet", "ne répond pas pour {} : il n'est pas encore complet"),
    (
        "asks on, for the session has seen a newer {}",
        "demande encore, car la session a vu une version plus récente de {}",
    ),
    ("asks once more for {}, of which one write was deleted", "redemande {}, dont une écriture a été supprimée"),
    (
        "may not forget {} yet: {} has not got its tombstone",
        "ne peut pas encore oublier {} : {} n'a pas sa pierre tombale",
    ),
    ("gives up entries of its log that were never committed", "abandonne des entrées de son journal jamais validées"),
    ("mends the replicas of {} before it answers", "répare les répliques de {} avant de répondre"),
    ("keeps a hint of {} for {}", "garde un rappel de {} pour {}"),
    ("gets a hint of {}, which is deleted by now", "reçoit un rappel de {}, supprimée depuis"),
    ("sees that {} is dead everywhere and may be forgotten", "voit que {} est morte partout et peut être oubliée"),
    (
        "is full and evicts {}, whose time is over, version {}",
        "est plein et évince {}, dont le temps est écoulé, version {}",
    ),
    ("is full and evicts {}, version {}", "est plein et évince {}, version {}"),
    ("{} holds {} bytes, more than its limit of {}", "{} tient {} octets, plus que sa limite de {}"),
    (
        "key and value take {} bytes, more than the {} that a node may hold: write less, or give the nodes more memory",
        "clé et valeur prennent {} octets, plus que les {} qu'un nœud peut tenir : écrivez moins, ou donnez plus de mémoire aux nœuds",
    ),
    ("was sent {}, which is not its own", "a reçu {}, qui n'est pas à lui"),
    ("refuses a message of ring epoch {}", "refuse un message de l'époque d'anneau {}"),
    ("drops a message that was under way too long", "laisse tomber un message resté trop longtemps en route"),
    ("begins the operation on {} anew under the new ring", "recommence l'opération sur {} sous le nouvel anneau"),
    ("invalidates {}", "invalide {}"),
    ("was let go and asks to come back with nothing", "a été écarté et demande à revenir sans rien"),
    ("has left the cluster", "a quitté la grappe"),
    ("{} lacks the newest version of {}", "il manque à {} la version la plus récente de {}"),
    ("{} holds {}, which belongs elsewhere", "{} tient {}, qui a sa place ailleurs"),
    ("{} has another ring than {}", "{} a un autre anneau que {}"),
    ("has another ring than {}", "a un autre anneau que {}"),
    ("restarted with nothing", "redémarré sans rien"),
    ("restarted", "redémarré"),
    ("killed", "tué"),
    ("paused", "mis en pause"),
    ("goes on", "reprend"),
    ("starts, to join", "démarre, pour rejoindre"),
    ("disk takes {} for a write", "le disque met {} pour une écriture"),
    ("wall clock off by {}", "horloge murale fausse de {}"),
    ("wall clock right", "horloge murale juste"),
    ("holds an older value of {}, version {}", "tient une valeur plus ancienne de {}, version {}"),
    ("no node runs", "aucun nœud ne tourne"),
    ("no node knows a ring", "aucun nœud ne connaît d'anneau"),
    (
        "{}; the cluster is lost for ever, as most of its members lost their disks: make a new one",
        "{+} ; la grappe est perdue pour toujours, car la plupart de ses membres ont perdu leur disque : créez-en une nouvelle",
    ),
    (
        "the cluster is lost for ever, as most of its members lost their disks: make a new one",
        "la grappe est perdue pour toujours, car la plupart de ses membres ont perdu leur disque : créez-en une nouvelle",
    ),
    (
        "{} needs {} of the replicas {}; nobody answered in time",
        "{} demande {} des répliques {} ; personne n'a répondu à temps",
    ),
    (
        "{} needs {} of the replicas {}; {} answered in time",
        "{} demande {} des répliques {} ; réponses à temps de {} seulement",
    ),
    ("the node does not know the time or the ring yet", "le nœud ne connaît pas encore l'heure ou l'anneau"),
    ("{} is to leave and has not left yet", "{} doit partir et n'est pas encore parti"),
    ("{} is no member yet", "{} n'est pas encore membre"),
    ("{} knows no leader", "{} ne connaît pas de meneur"),
    ("{} takes part in a handover to the next ring", "{} participe à une passation vers l'anneau suivant"),
    ("{} does not hold all that it should yet", "{} ne tient pas encore tout ce qu'il doit"),
    ("{} has operations under way", "{} a des opérations en cours"),
    ("{} and {} have different rings", "{} et {} ont des anneaux différents"),
    (
        "the session has seen a newer version of this key than {} have, and no other replica answered in time: heal, restart or try again",
        "la session a vu de cette clé une version plus récente que celle de {}, et aucune autre réplique n'a répondu à temps : réparez (heal), redémarrez (restart) ou réessayez",
    ),
    ("rings agree", "les anneaux s'accordent"),
    ("rings differ: {}", "les anneaux diffèrent : {}"),
    ("nothing happened to {}", "il n'est rien arrivé à {}"),
    ("{} earlier events are left out", "{} événements plus anciens sont omis"),
    ("no answer: the node is paused", "pas de réponse : le nœud est en pause"),
    ("there is no node {}: the nodes are {}", "il n'y a pas de nœud {} : les nœuds sont {}"),
    ("there is a node {} already: choose another number", "il y a déjà un nœud {} : choisissez un autre numéro"),
    ("{} runs already: kill it first", "{} tourne déjà : arrêtez-le d'abord (kill)"),
    ("{} is down: restart it first", "{} est arrêté : relancez-le d'abord (restart)"),
    ("{} is paused already: resume lets it go on", "{} est déjà figé : resume le laisse repartir"),
    ("{} is not paused: pause it first", "{} n'est pas figé : figez-le d'abord (pause)"),
    ("{} has left already: join lets it in again", "{} est déjà parti : join le fait revenir"),
    ("{} stands in two groups: name it once", "{} est dans deux groupes : nommez-le une fois"),
    (
        "{} needs no network to hear itself: name two nodes",
        "{} n'a pas besoin du réseau pour s'entendre : nommez deux nœuds",
    ),
    (
        "the last node cannot leave: let another one join first",
        "le dernier nœud ne peut pas partir : faites d'abord entrer un autre (join)",
    ),
    ("no node runs: restart one", "aucun nœud ne tourne : redémarrez-en un"),
    (
        "{} needs {} of the replicas {}; nobody answered in time: heal, restart or try again",
        "{} demande {} des répliques {} ; personne n'a répondu à temps : réparez (heal), redémarrez (restart) ou réessayez",
    ),
    (
        "{} needs {} of the replicas {}; {} answered in time: heal, restart or try again",
        "{} demande {} des répliques {} ; réponses à temps de {} seulement : réparez (heal), redémarrez (restart) ou réessayez",
    ),
    (
        "the node does not know the time or the ring yet: try again, or ask another node",
        "le nœud ne connaît pas encore l'heure ou l'anneau : réessayez, ou demandez à un autre",
    ),
    ("the node is down: restart it, or ask another one", "le nœud est arrêté : redémarrez-le, ou demandez à un autre"),
    (
        "this key is empty or begins with a control character: choose another one",
        "cette clé est vide ou commence par un caractère de contrôle : choisissez-en une autre",
    ),
    (
        "too many invalidations wait to be forgotten: try again later",
        "trop d'invalidations attendent d'être oubliées : réessayez plus tard",
    ),
    (
        "no order of the operations on {} explains {} that began at {} ms",
        "aucun ordre des opérations sur {} n'explique {+} commencée à {} ms",
    ),
    (
        "a session asked for {} at {} ms and got a version older than one it knew",
        "une session a demandé {} à {} ms et a reçu une version plus ancienne que celle qu'elle connaissait",
    ),
    (
        "{} reads nothing of {} at {} ms, though {} was acknowledged at {} ms: that write is lost",
        "{} ne lit rien sous {} à {} ms, alors que {} a été acquittée à {} ms : cette écriture est perdue",
    ),
    (
        "{} reads nothing of {} at {} ms, and not its own write of {} at {} ms",
        "{} ne lit rien sous {} à {} ms, et non sa propre écriture de {} à {} ms",
    ),
    (
        "{} reads nothing of {} at {} ms, though {} lives until {} ms",
        "{} ne lit rien sous {} à {} ms, alors que {} vit jusqu'à {} ms",
    ),
    ("{} reads {} of {} at {} ms, which nobody wrote", "{} lit {} sous {} à {} ms, que personne n'a écrit"),
    (
        "{} reads {} of {} at {} ms, which was deleted at {} ms: it has come back",
        "{} lit {} sous {} à {} ms, supprimée à {} ms : elle est revenue",
    ),
    (
        "{} reads {} of {} at {} ms, though {} was acknowledged at {} ms: that write is lost",
        "{} lit {} sous {} à {} ms, alors que {} a été acquittée à {} ms : cette écriture est perdue",
    ),
    (
        "{} reads {} of {} at {} ms, and not its own write of {} at {} ms",
        "{} lit {} sous {} à {} ms, et non sa propre écriture de {} à {} ms",
    ),
    (
        "{} reads {} of {} at {} ms, whose time was over at {} ms",
        "{} lit {} sous {} à {} ms, dont le temps était écoulé à {} ms",
    ),
    (
        "{} refuses a read of {} at {} ms, though all nodes run and the network is whole",
        "{} refuse une lecture de {} à {} ms, alors que tous les nœuds tournent et que le réseau est entier",
    ),
    (
        "{} refuses a write of {} at {} ms, though all nodes run and the network is whole",
        "{} refuse une écriture de {} à {} ms, alors que tous les nœuds tournent et que le réseau est entier",
    ),
    (
        "{} does not answer a read of {} at {} ms, though all nodes run and the network is whole",
        "{} ne répond pas à une lecture de {} à {} ms, alors que tous les nœuds tournent et que le réseau est entier",
    ),
    (
        "{} does not answer a write of {} at {} ms, though all nodes run and the network is whole",
        "{} ne répond pas à une écriture de {} à {} ms, alors que tous les nœuds tournent et que le réseau est entier",
    ),
    (
        "{} does not answer a read of {} at {} ms, though it runs: it must refuse what it cannot do",
        "{} ne répond pas à une lecture de {} à {} ms, alors qu'il tourne : il doit refuser ce qu'il ne peut faire",
    ),
    (
        "{} does not answer a write of {} at {} ms, though it runs: it must refuse what it cannot do",
        "{} ne répond pas à une écriture de {} à {} ms, alors qu'il tourne : il doit refuser ce qu'il ne peut faire",
    ),
    (
        "{} answers a read without a value, or a write with one, at {} ms",
        "{} répond à une lecture sans valeur, ou à une écriture par une valeur, à {} ms",
    ),
    ("done ({} ms)", "fait ({} ms)"),
    ("nothing ({} ms)", "rien ({} ms)"),
    ("error ({} ms)", "erreur ({} ms)"),
    ("no answer", "pas de réponse"),
    ("the read that saw nothing", "la lecture qui n'a rien vu"),
    ("the read that saw {}", "la lecture qui a vu {}"),
    ("the write of {}", "l'écriture de {}"),
    ("the delete", "la suppression"),
    ("error: {}", "erreur : {+}"),
    ("{} -> {}: {}, lost", "{} -> {} : {}, perdu"),
    ("{} -> {}: {}, {} ms under way", "{} -> {} : {}, {} ms en route"),
    ("{} -> {}: {}, still under way", "{} -> {} : {}, encore en route"),
    ("stored", "enregistré"),
    ("deleted", "supprimé"),
];
