# test/powercut
