// LinkNames: what people call the records that others link to.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <vector>

#include "services/cli/calls/session.h"

namespace kith::cli {

// How many links are asked about.
inline constexpr size_t kLinksMax = 1000;

// By resource names: the display names of the records that `messages` link to, and of what stands
// in them, as a pipeline's stages; empty where one is not there any more. One that the caller may
// not read, or that shares its display name with another, is left out. Read as of the moment that
// `request` asks about, where it asks about one. Nothing where the caller wants names of resources.
std::map<std::string, std::string> LinkNames(
    Session& session, const std::vector<const google::protobuf::Message*>& messages,
    const google::protobuf::Message& request);

// What the keys of the caller's workspace are called, by their ids. Those that the caller may not
// know, or that are called as another one, are left out.
std::map<std::string, std::string> KeyNames(Session& session);

// Who did something: the name of the key, or the actor's id, of `width` at most, and the user for
// whom they did it, where they did it for one: "Website for users/01J…".
std::string WhoDid(const std::map<std::string, std::string>& keys, const std::string& actor,
                   const std::string& on_behalf_of, int width);

}  // namespace kith::cli
