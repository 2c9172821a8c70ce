// RevisionTable: what happened to one resource, told to people: who changed what when, from what to
// what. It knows revisions by their shape only, so those of every resource look alike.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/cli/calls/session.h"

namespace kith::cli {

// Whether messages of this type are revisions: a kith.type.v1.Revision, and beside it the resource
// `before` and `after`.
bool IsRevision(const google::protobuf::Descriptor& type);

// A table with a row for each field that changed, or for `field` only where that is not empty. Asks
// the server what the keys are called that did it, and what the records that fields link to; where
// the caller may not know, or two are called alike, their ids stand there. `request` asked for the
// revisions.
void PrintRevisions(Session& session,
                    const std::vector<const google::protobuf::Message*>& revisions,
                    const google::protobuf::Message& request, absl::string_view field);

// Two texts, of which one may be longer than `width`, without most of what both begin with, so that
// what differs is within the width of each: "…the end" and "…the other end".
std::pair<std::string, std::string> FromWhereTheyDiffer(absl::string_view one,
                                                        absl::string_view other, int width);

}  // namespace kith::cli
