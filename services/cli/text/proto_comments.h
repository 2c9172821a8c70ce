// Comments of the protos, for the help texts: the generated descriptors do not have them. A
// descriptor set that is made with them at build time is part of this program.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/strings/string_view.h"

namespace kith::cli {

// The comment above a field or method of the protos linked in, on one line; empty where there is
// none. Any thread.
std::string CommentOn(const google::protobuf::FieldDescriptor& field);
std::string CommentOn(const google::protobuf::MethodDescriptor& method);

// The first sentence of a text on one line.
std::string FirstSentence(absl::string_view text);

}  // namespace kith::cli
