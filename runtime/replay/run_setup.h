// What Run needs besides its program to be made again from a journal.
#pragma once

#include "runtime/journal/journal.h"
#include "runtime/run/run.h"

namespace wakeful {

/// `started`: the run's RunStarted record. Looks its arguments up where they are kept (a root's in
/// RunStarted, a child's in its parent's ChildStarted), and its parents for its id and depth.
Result<Run::Setup> run_setup(const Journal& journal, const Record& started,
                             std::shared_ptr<Image> image);

/// The program of a run, read, verified and made ready.
Result<std::shared_ptr<Image>> load_image(const Journal& journal, const std::string& hash);

}  // namespace wakeful
