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

// The same of all of them, however many share a display name: what stands beside their names.
std::map<std::string, std::string> AllLinkNames(
    Session& session, const std::vector<const google::protobuf::Message*>& messages,
    const google::protobuf::Message& request);

// Who did something, as people call them: the key of a service by its name, the key of a user by
// whose it is and its name, "Ada Lovelace (Laptop)", and a token by its user; ids where the caller
// may not know or wants them, or where two are called alike. Asks for the keys when it is made, and
// for each user as they are met. Borrows the session; one thread at a time.
class Doers {
 public:
  explicit Doers(Session& session);

  // The actor's id or name, of `width` at most, and the user for whom they did it, where they did
  // it for one: "Website for Ada Lovelace".
  std::string Tell(const std::string& actor, const std::string& on_behalf_of, int width);

 private:
  struct Key {
    std::string display_name;  // empty: it does not say which
    std::string user;          // empty: a service's
  };

  std::string Called(const std::string& actor);
  const std::string& UserCalled(const std::string& name);

  Session& session_;
  std::map<std::string, Key> keys_;           // by their ids
  std::map<std::string, std::string> users_;  // by their names
};

}  // namespace kith::cli
