// The short form of fuzzing: every target takes the inputs that are kept of it, and small changes
// of them, in any build. One that fails is named before the program ends.
//
//   fuzz_replay DIRECTORY               what is below seeds/<target> and corpus/<target>
//   fuzz_replay --write-seeds DIRECTORY the inputs that are made here, for the long form
//   fuzz_replay --targets               the names of the targets
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/targets.h"

namespace {

using kith::fuzz::Target;

char present_input[1024] = "";

void NameInput(int signal_number) {
  constexpr char kText[] = "\nfuzz_replay: ended in ";
  (void)!write(STDERR_FILENO, kText, sizeof(kText) - 1);
  (void)!write(STDERR_FILENO, present_input, std::strlen(present_input));
  (void)!write(STDERR_FILENO, "\n", 1);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

// Of longer inputs only so much is cut and changed: the time is bounded.
constexpr size_t kChangedBytesMax = 256;
constexpr char kLargest[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";  // as a varint

// The target with the input, with every beginning of it, and with each byte changed, also to the
// largest number that there is: what a decoder forgets to look at is seldom in an input that is
// right.
void Run(const Target& target, const std::string& input, const std::string& name) {
  std::snprintf(present_input, sizeof(present_input), "%s: %s", target.name.c_str(), name.c_str());
  target.run(input);
  for (size_t i = 0; i < std::min(input.size(), kChangedBytesMax); ++i) {
    std::snprintf(present_input, sizeof(present_input), "%s: %s, cut or changed at byte %zu",
                  target.name.c_str(), name.c_str(), i);
    target.run(absl::string_view(input).substr(0, i));
    std::string changed = input;
    for (const int difference : {0x01, 0x80, 0xff}) {
      changed[i] = static_cast<char>(input[i] ^ difference);
      target.run(changed);
    }
    target.run(input.substr(0, i) + kLargest + input.substr(i + 1));
  }
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// The number of inputs.
int Replay(const Target& target, const std::filesystem::path& directory) {
  int count = 0;
  for (const char* kind : {"seeds", "corpus"}) {
    const std::filesystem::path inputs = directory / kind / target.name;
    if (!std::filesystem::exists(inputs)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(inputs)) {
      Run(target, ReadFile(entry.path()), entry.path().string());
      ++count;
    }
  }
  return count;
}

void WriteSeeds(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory / "request");
  int number = 0;
  for (const std::string& seed : kith::fuzz::RequestSeeds()) {
    std::ofstream(directory / "request" / ("made-" + std::to_string(number++)), std::ios::binary)
        << seed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "--write-seeds") {
    WriteSeeds(words[1]);
    return 0;
  }
  if (words.size() != 1) return 2;
  if (words[0] == "--targets") {
    for (const Target& target : kith::fuzz::Targets()) std::printf("%s\n", target.name.c_str());
    return 0;
  }
  google::protobuf::SetLogHandler(nullptr);  // it would tell of every text that is not UTF-8
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) signal(number, NameInput);
  bool missing = false;
  for (const Target& target : kith::fuzz::Targets()) {
    Run(target, "", "nothing");
    int count = Replay(target, words[0]);
    missing = missing || count == 0;
    if (target.name == "request") {
      for (const std::string& seed : kith::fuzz::RequestSeeds()) {
        Run(target, seed, seed.substr(0, seed.find('\n')));
        ++count;
      }
    }
    std::printf("%-14s %d inputs%s\n", target.name.c_str(), count, count == 0 ? ": none kept" : "");
  }
  return missing ? 1 : 0;
}
