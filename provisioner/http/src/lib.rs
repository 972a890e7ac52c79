//! HTTP front that streams boot artefacts by sendfile and hands all else to a router.
