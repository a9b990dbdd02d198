// What version() answers: clients read PostgreSQL's version at its beginning.

export const SERVER_VERSION_TEXT =
  `PostgreSQL 15.18 (millrace 0.1.0) on ${process.arch}-${process.platform}, Node.js ${process.version}`;
