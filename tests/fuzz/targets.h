// Fuzz targets: functions that take any bytes at all, as a decoder does that stands before the
// world or a disk. A target aborts where what it accepted is not what it must be: a value that is
// encoded and decoded again is the same, an answer is bounded, two ways to one answer agree.
// Crashes, leaks and undefined behaviour are found by what the program is built with.
//
// A new decoder gets a target here, seeds in seeds/<name>, and a line in targets.cc.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kith::fuzz {

void FuzzRecord(absl::string_view bytes);
void FuzzFilter(absl::string_view bytes);
void FuzzOrder(absl::string_view bytes);
void FuzzPageToken(absl::string_view bytes);
void FuzzToken(absl::string_view bytes);
void FuzzBearerToken(absl::string_view bytes);
void FuzzCredentialFile(absl::string_view bytes);
void FuzzUpdateMask(absl::string_view bytes);
void FuzzResourceName(absl::string_view bytes);
void FuzzCsv(absl::string_view bytes);
void FuzzCards(absl::string_view bytes);
void FuzzWorkbook(absl::string_view bytes);
void FuzzJson(absl::string_view bytes);
void FuzzHttpBody(absl::string_view bytes);
void FuzzPostedForm(absl::string_view bytes);
void FuzzBeacon(absl::string_view bytes);
void FuzzMergeText(absl::string_view bytes);
void FuzzMailText(absl::string_view bytes);
void FuzzReceivedMail(absl::string_view bytes);
// The full name of a request message, a line feed, and its bytes. All requests of all services are
// found by their descriptors.
void FuzzRequest(absl::string_view bytes);
// An input of FuzzRequest for every request: empty, and with every field set.
std::vector<std::string> RequestSeeds();

struct Target {
  std::string name;
  void (*run)(absl::string_view bytes);
};
const std::vector<Target>& Targets();

}  // namespace kith::fuzz
