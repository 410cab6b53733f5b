import type { Words } from "./en";
import { grades } from "./fr-grades";
import { guide } from "./fr-guide";
import { someInFrench as some } from "./some";

const lab = `# Un cache de 100 octets : Lancer, ou Pas.
node new 100 lru
node set key1 40*x      # quarante fois x
node set key2 40*x
node get key1
node set key3 40*x      # plein : qui part ?
node get key2
expect nothing

# Le temps passe quand le script le dit.
node set session token ttl 10s
tick 6s
node get session

# Trois nœuds, 150 points chacun, et les clés.
ring new 150
ring add A
ring add B
ring add C
ring where user:42
ring spread key 1000
`;

const answered = (expected: string | undefined, actual: string | undefined) =>
  actual ? ` Votre rendu a répondu « ${actual} »${expected ? `, il fallait « ${expected} »` : ""}.` : "";

export const fr: Words = {
  tagline: "Écrivez des commandes. Regardez un cache leur obéir.",
  skip: "Aller au script",
  language: "Langue",
  theme: { label: "Couleurs", system: "Auto", light: "Clair", dark: "Sombre" },
  dialect: "Langage du script",
  dialects: {
    line: "Ligne",
    memcached: "Memcached",
    rest: "REST",
    lab: "Labo",
  },
  examples: "Exemples",
  chooseExample: "Exemples…",
  deepExamples: "Une grappe, panne par panne",
  script: "Script",
  scriptLabel: "Script, une commande par ligne",
  seed: "Graine",
  seedHelp: "D'où vient le hasard du monde : même graine, même exécution.",
  seedWrong: "Écrivez un entier de 0 à 18446744073709551615.",
  run: "Lancer",
  step: "Pas",
  back: "Retour",
  pause: "Pause",
  play: "Lecture",
  stop: "Stop",
  reset: "Début",
  share: "Partager",
  hints: {
    run: "Lancer jusqu'au bout (Ctrl+Entrée)",
    step: "Obéir à la commande suivante (F10)",
    back: "Reculer d'une commande (F9)",
    stop: "Arrêter l'exécution (Échap)",
    play: "Avancer tout seul, une commande après l'autre",
    reset: "Revenir avant la première commande ; le script reste",
  },
  tools: {
    toLine: "Exécuter jusqu'à la ligne du curseur (Ctrl+F10)",
    fork: "Bifurquer : continuer d'ici sur une copie ; ce script reste tel quel",
  },
  output: "Sortie",
  outputEmpty: "Appuyez sur Lancer : les réponses apparaissent ici.",
  outputCut: (shown, all) =>
    `${String(shown) === "1" ? "La dernière ligne" : `Les ${shown} dernières lignes`} sur ${all}.`,
  copy: "Tout copier",
  copied: "Copié",
  timeline: "Chronologie",
  timelineEmpty:
    "Chaque événement d'une exécution apparaît ici, avec son heure. Choisissez-en un pour revoir le monde à ce moment.",
  timelineHelp:
    "Choisissez un événement pour voir le monde juste après sa commande. Les flèches haut et bas déplacent.",
  goTo: (command, what) => `Commande ${command} : ${what}`,
  ring: {
    title: "Anneau de hachage",
    summary: (nodes, points) => `${some(nodes, "nœud", "nœuds")}, ${some(points, "point", "points")}`,
    picture: (nodes, points) =>
      `Un anneau de ${some(points, "point", "points")} de ${some(nodes, "nœud", "nœuds")}. Le tableau ci-dessous dit la même chose en chiffres.`,
    tooMany: "Il y a trop de points pour les dessiner ; le tableau donne les parts exactes.",
    near: "Zoom",
    along: "Plus loin, sens horaire",
    against: "En arrière, sens inverse",
    node: "Nœud",
    points: "Points",
    share: "Part",
    dead: "mort",
    find: "Où est cette clé ?",
    place: (key, owner) => `${key} appartient à ${owner}`,
    placeNone: (key) => `${key} n'appartient à personne`,
    keys: "Clés sur l'anneau",
    moved: (share, modulo) =>
      `${share} % des clés ont changé de main ; « hash mod nœuds » en aurait déplacé ${modulo} %.`,
    weight: (weight) => `poids ${weight}`,
  },
  node: {
    title: "Cache",
    empty: "Pas encore de cache. Un script en crée un avec « node new ».",
    emptyPairs: "Rien n'est enregistré.",
    pairs: (count) => some(count, "enregistrée", "enregistrées"),
    key: "Clé",
    value: "Valeur",
    bytes: "Octets",
    reads: "Lectures",
    left: "Temps restant",
    forever: "sans limite",
    expired: "périmée",
    next: "part ensuite",
    more: (count) => `et ${count} de plus`,
    noEntries: "Vide.",
    memory: "Mémoire",
    ofBytes: (used, limit) => `${some(used, "octet", "octets")} sur ${limit}`,
    order: (policy) => `Dans l'ordre où ${policy} les laisserait partir`,
    clock: "Horloge",
    departures: "Partis à cette commande",
    whyEvicted: {
      lru: "a fait place : la plus anciennement utilisée",
      lfu: "a fait place : la moins utilisée",
      fifo: "a fait place : la première rangée",
      ttl: "a fait place : son temps venait le premier",
    },
    why: "a fait place",
    whyExpired: "son temps était passé",
  },
  stats: {
    title: "Compteurs",
    hits: "Succès",
    misses: "Échecs",
    hitRate: "Taux de succès",
    evictions: "Évincées",
    expired: "Périmées",
    entries: "Entrées",
    overTime: "Taux au fil du temps",
    none: "–",
  },
  status: {
    loading: "Le moteur se charge.",
    ready: "Prêt.",
    checking: "Lecture du script …",
    running: (position, total) => `En cours : ${some(position, "commande", "commandes")} sur ${total}.`,
    at: (position, total) => `Après la commande ${position} sur ${total}.`,
    waiting: "On attend le programme qui doit obéir.",
    lacking: "Le programme qui doit obéir n'est pas là : rien ne s'exécute.",
    start: "Avant la première commande.",
    done: (total) => `Terminé : ${some(total, "commande", "commandes")}.`,
    ended: (position) => `L'exécution a pris fin à la commande ${position}.`,
    stoppedFirst: "Arrêté avant la fin de la première commande.",
    stopped: (position) => `Arrêté après la commande ${position}.`,
    held: (count) => some(count, "attente tenue", "attentes tenues"),
    heldByReference: (count) => `la référence tient ${some(count, "attente", "attentes")}`,
    broken: (count) => some(count, "rompue", "rompues"),
    line: (line) => `Ligne ${line}`,
    severalLines: "Lignes",
    refusedWith: (answer) => `La réponse est une erreur : ${answer}`,
    lines: {
      blank: (count) => `${some(count, "réponse", "réponses")} à remplir`,
      mistake: (count) => some(count, "ligne illisible", "lignes illisibles"),
      refused: (count) => some(count, "ligne refusée", "lignes refusées"),
      doubt: (count) => `${some(count, "ligne", "lignes")} à relire`,
    },
    stale: "Le script a changé depuis cette exécution.",
    empty: "Le script n'a pas encore de commande.",
    unread: "Aucune ligne du script ne peut être lue : ce qui est marqué dit pourquoi.",
    failed: "Le moteur a échoué et a été relancé ; votre script est intact.",
    endless:
      "Le programme a mis trop de temps à répondre et a été arrêté. Cherchez une boucle sans fin ; vos scripts sont intacts, et les autres programmes s'exécutent.",
    unloaded: "Le moteur n'a pas pu être chargé. Vérifiez la connexion, puis rechargez la page.",
    unsaved:
      "Ce navigateur ne laisse pas la page enregistrer votre travail : copiez votre script avant de partir.",
  },
  banner: {
    link: "Ce script vient d'un lien. Votre propre travail est intact.",
    lack: {
      unknown:
        "Ce script montre ce que répond un autre programme, que cette page n'a pas : rien ne s'exécute. Choisissez son .wasm sous « Qui obéit », ou faites obéir la référence.",
      unreachable:
        "Le programme qui doit obéir n'a pas pu être chargé : rien ne s'exécute. Vérifiez la connexion, puis réessayez.",
    },
    lackSaid: (why) => `Le programme qui doit obéir n'a pas pu être obtenu : rien ne s'exécute. ${why}`,
    reference: "Faire obéir la référence",
    example: (title) => `L'exemple « ${title} ». Votre propre travail est intact.`,
    mine: "Revenir à mon script",
    forkedFrom: "Revenir là d'où il a bifurqué",
    fork: (command) =>
      `Une bifurcation : elle va comme l'autre script jusqu'à la commande ${command}. Cet autre script est intact.`,
    pasted:
      "Ce texte était écrit dans un autre langage que celui de la feuille où il était ; cette feuille est intacte.",
    meant: (dialect) => `Ceci ressemble à un script dans le langage « ${dialect} ».`,
    takeMeant: "L'ouvrir ainsi",
    original: "Montrer l'original",
    retry: "Réessayer",
    kept: (time) => `Ce script a aussi un autre texte, de ${time} : les deux sont gardés.`,
    take: "Montrer l'autre",
    forget: "Oublier l'autre",
    ownCheck: (title) => `La vérification « ${title} ». Ici, c'est votre programme qui lui obéit.`,
    check: (title, expected, actual) =>
      `La vérification « ${title} ». Ici, c'est la référence qui lui obéit, pas votre rendu.${answered(expected, actual)}`,
    ofCheck: (title, expected, actual) => `La vérification « ${title} ».${answered(expected, actual)}`,
    version: (version) =>
      `Ce lien est de version ${version}, que cette page ne connaît pas. Demandez une page plus récente ou un lien plus ancien.`,
    long: "Ce lien contient une ligne de plus de 100 000 caractères, ce qui n'est pas un script : demandez-en un autre.",
    noLesson: (id) =>
      `Cette page n'a pas de leçon « ${id} » : la liste des leçons montre celles qui existent.`,
    damaged: "Ce lien est abîmé : une partie manque ou a changé. Redemandez-le.",
    close: "Fermer",
  },
  sharing: {
    title: "Un lien vers ce script",
    copied: "Le lien est copié.",
    copy: "Copier",
    manual: "Copiez ce lien :",
    long: (characters) =>
      `Il compte ${some(characters, "caractère", "caractères")} ; certaines messageries coupent les liens de plus de 2 000.`,
    files: "En fichiers",
    trace: "Tous les événements (JSON)",
    handout: "Commandes et réponses (texte)",
    transcript: "Réponses seules (texte)",
    pictures: { ring: "Anneau (SVG)", messages: "Messages (SVG)" },
    contains: "Il porte le script, sa graine et la commande où vous êtes.",
  },
  grades,
  guide,
  strip: {
    scrubber: "Où en est l'exécution",
    scrubberHelp: "Glissez jusqu'à une commande. Marques : une entrée partie, une panne, une attente rompue.",
    place: (here, all) => `après la commande ${here} sur ${all}`,
    speed: (speed) => `${speed}/s`,
    speedHelp: "Commandes par seconde pendant la lecture",
  },
  subjects: {
    label: "Qui obéit",
    reference: "Référence",
    hunted: "Celui qui a le bogue",
    dropped: "Votre programme",
    absent: "Un programme qui n'est pas là",
    open: "Ouvrir un .wasm…",
    wrong: "Ce fichier n'est pas un programme fait par `grader build`.",
    compare: "À côté de la référence",
    never: "Sur ce script, il répond comme la référence.",
    partAt: (line) => `Ils se séparent à la ligne ${line}`,
    theirs: "La référence",
    own: "Votre programme",
    silent: "(pas de réponse)",
    before: "Se placer juste avant",
  },
  world: {
    title: "Monde",
    only: "Monde seul",
    all: "Tout montrer",
    onlyHelp: "Le monde seul, en grand : pour un vidéoprojecteur. L'adresse le retient.",
    bare: "Ce que font vos commandes apparaît ici : la mémoire, qui part ensuite, l'anneau, l'horloge.",
    bareAfter: "Jusqu'ici, rien qui se dessine. Les réponses sont à côté de leurs lignes.",
    offers: [
      ["Un cache", "node new 100 lru\nnode set a 40*x"],
      ["Une grappe", "cluster nodes=3\nwrite a 1\nread a"],
      ["Un anneau", "ring new 20\nring add A\nring add B\nring add C\nring where user:42"],
    ],
  },
  cluster: {
    title: "Grappe",
    status: { up: "en marche", paused: "en pause", down: "arrêté", left: "parti" },
    leader: (term) => `mène le mandat ${term}`,
    epoch: (epoch) => `époque ${epoch} de l'anneau`,
    behind: "se rattrape",
    memory: (used, limit) => `${used} sur ${limit} o`,
    evicted: (count) => `a évincé ${some(count, "valeur", "valeurs")}`,
    hints: (count) => `garde ${some(count, "rappel", "rappels")}`,
    shift: (by) => `horloge fausse de ${by}`,
    rules: "En vigueur :",
    delayed: (from, to, by) => `${from} → ${to} retardé de ${by}`,
    dropped: (percent) => `${percent} % des messages perdus`,
    duplicated: (percent) => `${percent} % doublés`,
    reordered: (by) => `chacun retardé jusqu'à ${by}, en désordre`,
    cutOff: (ids) => `pas entendu de ${ids}`,
    tombstone: "supprimée",
    kill: "Arrêter",
    pause: "Pause",
    resume: "Reprendre",
    restart: "Relancer",
    skew: "Décaler de 10 s",
    messages: "Messages pendant cette commande",
    messageCount: (count) => some(count, "message", "messages"),
    underWayCount: (count) => `${count} encore en route`,
    foreignCount: (count) => `${count} d'autres opérations (pâles)`,
    leftOut: (count) => `sans en montrer ${count}`,
    noMessages:
      "Aucun message n'est arrivé ni ne s'est perdu pendant ce temps. Allez à une écriture ou une lecture.",
    picture: "Une colonne par nœud, le temps vers le bas ; la liste dit la même chose en mots.",
    inWords: "En mots",
    choose: "Choisissez une flèche pour lire ce qu'elle portait, et quand.",
    version: (version) => `version ${version}`,
    message: (from, to, what) => `${from} → ${to} : ${what}`,
    received: (what, sent, took) => `${what}, envoyé à ${sent}, reçu ${took} plus tard`,
    lost: (what, sent) => `${what}, envoyé à ${sent}, jamais reçu`,
    underWay: (what, sent) => `${what}, envoyé à ${sent}, encore en route`,
    waiting: (what, sent, to) => `${what}, envoyé à ${sent}, attend ${to}, en pause`,
  },
  faults: {
    title: "Changer le monde",
    split: "Isoler un nœud",
    heal: "Réparer",
    settle: "Laisser reposer",
    second: "1 seconde",
    minute: "1 minute",
    ahead: "Horloge murale +1 h",
    back: "Horloge murale −1 h",
    add: (id) => `Ajouter ${id}`,
    remove: (id) => `Retirer ${id}`,
  },
  races: {
    open: "Course",
    title: "Cinq politiques, un script",
    help: "Un nœud par politique obéit aux commandes de ce script.",
    none: "Le script n'a pas encore de commande à un nœud.",
    policy: "Politique",
    parting: (line) => `Elles se séparent à la ligne ${line}`,
    letGo: (keys) => `laisse partir ${keys}`,
    keptAll: "garde tout",
    jump: "Aller à ce moment",
    together:
      "Elles laissent partir les mêmes clés : donnez plus de clés qu'il n'y a de place, et lisez-en deux fois.",
  },
  traces: {
    title: "La même course sur une trace",
    help: "Une trace liste ce qu'on a demandé à un vrai cache. La règle de Belady sait tout ce qui vient : si les objets sont de même taille, nul ne la bat.",
    choose: "Choisir un fichier…",
    drop: "Déposez une trace ici, ou choisissez un fichier (32 Mio au plus, non compressé) :",
    format: "Format",
    formats: {
      keys: "keys : une clé par ligne",
      csv: "csv : un en-tête avec id, et size si elle compte",
      msr: "msr : MSR Cambridge",
      arc: "arc : celui de l'article ARC",
      lirs: "lirs : celui de l'article LIRS",
      "oracle-general": "oracle-general : celui de libCacheSim",
    },
    size: "Taille de chaque cache : octets (1000, 64KiB) ou part de l'ensemble de travail (10%)",
    replay: "Rejouer",
    stop: "Arrêter",
    going: "La trace se rejoue.",
    stopped: "Arrêté.",
    large: "le fichier dépasse 32 Mio : découpez-le, ou rejouez-le entier avec `grader trace`",
    lost: "le navigateur ne peut lire ce fichier : choisissez-le à nouveau",
    done: (requests, objects, all, size) =>
      `${some(requests, "requête", "requêtes")}, ${some(objects, "objet", "objets")} ; ensemble de travail ${some(all, "octet", "octets")}, chaque cache ${some(size, "octet", "octets")}.`,
    empty: (rows) => `Laissées de côté, car de taille 0 : ${rows}.`,
    parting: (request, key) => `Elles se séparent à la requête ${request}, pour ${key}`,
  },
  help: {
    title: "Toutes les commandes et touches",
    find: "Chercher une commande",
    none: "Aucune commande n'a cela dans sa forme ni son texte.",
    names: { Enter: "Entrée", Space: "Espace", Esc: "Échap" },
    keys: "Touches",
    complete: "Compléter une commande",
    leave: "Quitter l'éditeur au clavier",
  },
  commands: {
    title: "Toutes les commandes",
    rest: "Une ligne qui commence par # est un commentaire. Ctrl+Espace complète une commande.",
    usage: "S'écrit",
    help: "Ce qu'elle fait",
  },
  strays: {
    title: "Bifurcations et scripts collés",
    fork: (command) => `Bifurqué à ${command}`,
    forkHelp: (command) => `Une bifurcation après la commande ${command}`,
    pasted: "Script collé",
  },
  starter: "Le premier script",
  starters: {
    lab,
    line: "PUT user1 Alice\nPUT user2 Bob\nGET user1\nDELETE user2\nGET user2\nEXIT\n",
    memcached:
      "set bonjour 0 60 5\nsalut\nget bonjour\nset visites 0 0 1\n9\nincr visites 1\ndelete bonjour\nget bonjour\n",
    rest: `PUT /api/v1/cache/users/u1 {"value": {"name": "Ada"}, "ttl": 60}
GET /api/v1/cache/users/u1
GET /api/v1/cache/users/stats
DELETE /api/v1/cache/users/u1
GET /api/v1/cache/users/u1
`,
  },
};
