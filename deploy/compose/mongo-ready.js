// Health of the database: make the replica set of one the first time, and answer well once it can be written.
try {
  rs.status();
} catch (error) {
  rs.initiate({ _id: "gw", members: [{ _id: 0, host: "mongo:27017" }] });
}
quit(db.hello().isWritablePrimary ? 0 : 1);
