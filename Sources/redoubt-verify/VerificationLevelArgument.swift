public import ArgumentParser
public import Repository

extension VerificationLevel: ExpressibleByArgument {}
