# Writes the file by which ctest knows a test program: a test for each suite, whose cases run in one process. Starting a
# process and what it does once, as its first server, would cost more than most cases.
#
#   cmake -DPROGRAM=bin/contacts_tests -DOUT=contacts_tests.cmake [-DBY_PARAMETER=ON] -P list_suites.cmake
#
# Tests are called "contacts/CreateContact"; with BY_PARAMETER, where cases have a parameter, by that and not by their
# suite: "conformance/contacts". A program that is not built yet gets a test that fails.
cmake_minimum_required(VERSION 3.25)
get_filename_component(name ${PROGRAM} NAME)
string(REGEX REPLACE "_tests$" "" area ${name})
set(text)

# add(<test> <filter>): a line of the file.
macro(add test filter)
  string(APPEND text "add_test([==[${area}/${test}]==] [==[${PROGRAM}]==] [==[--gtest_filter=${filter}]==])\n"
         "set_tests_properties([==[${area}/${test}]==] PROPERTIES TIMEOUT 600 LABELS ${name})\n")
endmacro()

if(EXISTS ${PROGRAM})
  execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE " +#[^\n]*" "" listed "${listed}")  # what parameters are like
  string(REPLACE "\n" ";" lines "${listed}")
  set(added)
  foreach(line ${lines})
    if(line MATCHES "^([^ ]+)\\.$")
      set(suite ${CMAKE_MATCH_1})
    elseif(line MATCHES "^  ")
      set(test ${suite})
      set(filter "${suite}.*")
      if(BY_PARAMETER AND line MATCHES "/([^/]+)$")
        set(test ${CMAKE_MATCH_1})
        set(filter "*/${test}")
      endif()
      if(NOT test IN_LIST added)
        list(APPEND added ${test})
        add(${test} ${filter})
      endif()
    endif()
  endforeach()
else()
  add(NOT_BUILT "*")
endif()
file(WRITE ${OUT} "${text}")
