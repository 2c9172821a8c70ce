// Commands: what the words after `kith` can be. Each prints its result and returns OK, a status of
// server_error.h where the server refused, or InvalidArgument where the words are wrong.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/cli/calls/session.h"

namespace kith::cli {

// `kith <collection> <verb> …`: any method of the catalog. Lists take --limit N (100 when not said)
// or --all and ask for as many pages as that needs, and lists of resources --view NAME.
absl::Status RunMethod(Session& session, const Method& method,
                       const std::vector<std::string>& words);

// `kith <collection> <verb> FILE|- [--request-id ID]` for a method that takes a stream of items:
// each line of the file is one, as JSON, and gets a result of its own. FailedPrecondition where
// some were refused.
absl::Status RunItems(Session& session, const Method& method,
                      const std::vector<std::string>& words);

// `kith agenda [USER] [--days N] [--as-of MOMENT]`
absl::Status RunAgenda(Session& session, const std::vector<std::string>& words);

// `kith board [PIPELINE] [--owner USER] [--as-of MOMENT]`
absl::Status RunBoard(Session& session, const std::vector<std::string>& words);

// `kith forecast [--by month,quarter,owner,category] [--from DATE] [--to DATE] [--quota MONEY]
// [--pipeline …]
// [--owner …] [--as-of MOMENT]`
absl::Status RunForecast(Session& session, const std::vector<std::string>& words);

// `kith timeline NAME [--kinds KIND]… [--limit N | --all] [--columns …] [--csv] [--as-of MOMENT]`
absl::Status RunTimeline(Session& session, const std::vector<std::string>& words);

// `kith events [--stream PREFIX] [--type TYPE]… [--from PLACE] [--limit N] [--newest] [--follow]`;
// a place is a sequence number "@1234", a time, or a token. With --follow it goes on until it is
// interrupted.
absl::Status RunEvents(Session& session, const std::vector<std::string>& words);

// `kith history NAME [--field FIELD] [--limit N | --all]`: `<collection> list-revisions` of the
// collection that the name says.
absl::Status RunHistory(Session& session, const std::vector<std::string>& words);

// `kith access NAME [--as-of MOMENT]`: who could see a record, and why.
absl::Status RunAccess(Session& session, const std::vector<std::string>& words);

// `kith hand-over FROM TO [--collections COLLECTION]…`: every record of one owner becomes
// another's. FailedPrecondition where some were refused.
absl::Status RunHandOver(Session& session, const std::vector<std::string>& words);

// `kith receive FILE|-…`: mails come in. FailedPrecondition where some of several were refused.
absl::Status RunReceive(Session& session, const std::vector<std::string>& words);

// `kith received-mails get-attachment NAME NUMBER [--output FILE]`
absl::Status RunGetAttachment(Session& session, const std::vector<std::string>& words);

// `kith workflows show NAME` and `kith workflow-runs show NAME`: a workflow's steps as a tree, and
// what became of those of a run.
absl::Status RunShowWorkflow(Session& session, const std::vector<std::string>& words);
absl::Status RunShowWorkflowRun(Session& session, const std::vector<std::string>& words);

// `kith permissions`: asks no server.
absl::Status RunPermissions(Session& session, const std::vector<std::string>& words);

// `kith import COLLECTION --mapping FILE [--policy POLICY --match KEYS] [--rejects FILE]
// [--in-flight N] [--dry-run] TABLE`, `kith import --resume JOB TABLE`, `kith import --revert JOB
// [--dry-run]`
absl::Status RunImport(Session& session, const std::vector<std::string>& words);

// `kith export COLLECTION [--format jsonl|csv|vcard|vcard3] [--output FILE] …`, with the flags of
// the collection's list.
absl::Status RunExport(Session& session, const std::vector<std::string>& words);

// The help of everything and of a collection, with the first sentence of each comment, and of one
// method, with the whole of them.
void PrintHelp(const Catalog& catalog, std::ostream& out);
// Of it, the flags that go with every command.
void PrintGlobalHelp(std::ostream& out);
void PrintCollectionHelp(const Catalog& catalog, absl::string_view collection, std::ostream& out);
void PrintMethodHelp(const Method& method, std::ostream& out);
// What may follow the name of a collection, the verbs among it that are more than a method; none of
// a collection that there is not.
std::vector<std::string> VerbsOf(const Catalog& catalog, absl::string_view collection);
// What rows of this type can be shown by: "display_name", "emails.address", "custom.KEY", "score".
std::vector<std::string> ColumnNames(const google::protobuf::Descriptor& row);
// What a list of records can be ordered by, as its help says it.
std::vector<std::string> OrderNames(const Method& list);
// The method that does the work of a command that is written for it; null: there is none.
const Method* MethodOfCommand(const Catalog& catalog, absl::string_view word);
// The help of a command that is written for it, "board", "workflows show"; false for other words.
bool PrintCommandHelp(const Catalog& catalog, absl::string_view word, std::ostream& out);

}  // namespace kith::cli
