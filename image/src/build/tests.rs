use super::*;

#[test]
fn a_new_image_takes_the_place_of_the_old_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("vrouter");
    for text in ["first", "second"] {
        let work = Work::new(folder.path()).unwrap();
        let new = work.path().join("image");
        fs::create_dir(&new).unwrap();
        write_file(&new.join(text), text.as_bytes()).unwrap();
        publish(&new, &target).unwrap();
        drop(work);
        let names: Vec<_> = fs::read_dir(&target).unwrap().map(|item| item.unwrap().file_name()).collect();
        assert_eq!(names, [text]);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_recipe_that_changes_during_a_build_makes_no_result() {
    let (one, two) = (Sha256Digest::of(b"1"), Sha256Digest::of(b"2"));
    assert!(unchanged("root", one, one).is_ok());
    assert!(
        unchanged("root", one, two).unwrap_err().to_string().contains("in root/ changed during the build")
    );
}

#[test]
fn the_machine_has_the_programs_that_make_an_image() {
    let tools = tools().unwrap();
    assert_eq!(tools.len(), TOOLS.len());
    assert!(tools["mmdebstrap"].starts_with(char::is_numeric), "{tools:?}");
}

/// Two builds from one cached root into two folders: every artefact is the same. The root itself is a small one, made
/// here; `tests/reproducible.sh` does the same from nothing with the real one.
#[test]
fn packed_twice_every_artefact_is_the_same() {
    let sums = [1, 3].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        pack_small(folder.path(), NonZeroUsize::new(threads).unwrap())
    });
    assert_eq!(sums[0].lines().count(), 6 + Format::all().len() - 1, "{}", sums[0]);
    assert_eq!(sums[0], sums[1]);
}

/// The steps after the root, over a root of a few files; gives `SHA256SUMS`.
fn pack_small(folder: &Path, threads: NonZeroUsize) -> String {
    let entry = folder.join("entry");
    fs::create_dir(&entry).unwrap();
    let base = Root::new(entry);
    fs::write(base.vmlinuz(), "kernel").unwrap();
    fs::write(base.initrd(), "initrd").unwrap();
    let mut builder = tar::Builder::new(fs::File::create(base.tar()).unwrap());
    for (path, text) in [("usr/lib/os-release", "ID=debian\n"), ("etc/issue", "x\n")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.finish().unwrap();

    let text = "name: small\nversion: '1'\npackages: [frr]\nsquashfs: {zstd_level: 1}\ndisk: {size: 3GiB}\n";
    let spec = Spec::parse(text, Path::new("x")).unwrap();
    let recipe = Recipe::open(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let observed = Observed {
        archive: Vec::new(),
        epoch: 1_700_000_000,
        recipe: Sha256Digest::of(b"recipe"),
        boot: Sha256Digest::of(b"boot"),
        files: Sha256Digest::of(b"files"),
        debs: BTreeMap::new(),
        sbom: Sha256Digest::of(b"sbom"),
        tools: BTreeMap::new(),
    };
    let plan = Plan::new(&spec, &Format::all(), &observed);
    let new = folder.join("image");
    let pxe = new.join("pxe");
    fs::create_dir_all(&pxe).unwrap();
    let grub = Grub::build(folder).unwrap();
    let status = status_of(b"Package: libc6\nVersion: 2\nArchitecture: amd64\n").unwrap();
    let bill = Bill::gather(&sbom::Inputs {
        spec: &spec,
        epoch: plan.epoch,
        status: &status,
        copyright: &|_| None,
        archive: &[],
        debs: &[],
        crates: None,
    });
    let bill = bill.unwrap();
    let mut files = recipe.files().unwrap();
    bill.add_to(&mut files).unwrap();
    let inputs = squashfs::Inputs {
        spec: &spec,
        base: &base.tar(),
        files,
        debs: Vec::new(),
        grub: &grub,
        epoch: plan.epoch,
    };
    squashfs::build(inputs, &pxe.join("root.squashfs"), &mut crate::Silent).unwrap();
    place(&base.vmlinuz(), &pxe.join("vmlinuz")).unwrap();
    initrd::build(&base.initrd(), &recipe.boot_script().unwrap(), &pxe.join("initrd.img")).unwrap();
    let slot_image = folder.join("slot.img");
    let manifest = slot::build(&plan, &pxe, &slot_image).unwrap();
    write_file(&new.join("manifest.json"), manifest.to_json().as_bytes()).unwrap();
    let subject = Subject::Image(Sha256Digest::of(manifest.to_json().as_bytes()));
    for (name, bytes) in bill.documents(subject).unwrap().files(&plan.name) {
        write_file(&new.join(name), &bytes).unwrap();
    }
    let sources = FormatSources {
        spec: &spec,
        plan: &plan,
        manifest: &manifest,
        grub: &grub,
        slot: &slot_image,
        files: &pxe,
        threads,
    };
    let mut silent = crate::Silent;
    let mut steps = Steps { progress: &mut silent, done: Vec::new() };
    let work = (folder, new.as_path());
    let known = formats::build(&sources, &Format::all(), work, &Previous::default(), &mut steps).unwrap();
    // Digests that came along with writing are those of the files; of the largest two, that of the derived one is enough.
    let (raw, rest): (BTreeMap<_, _>, _) = known.into_iter().partition(|(name, _)| name == "small.raw");
    let all = record::artefacts(&new, raw).unwrap();
    assert!(rest.iter().all(|(name, entry)| all[name] == *entry), "{rest:?} {all:?}");
    record::sums(&all)
}

#[test]
fn an_image_is_signed_before_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let (new, folder) = (dir.path().join("new"), dir.path().join("vrouter"));
    let names = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|item| item.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("old"), "").unwrap();
    fs::create_dir(&new).unwrap();
    // What cannot be signed is not delivered.
    fs::write(new.join("manifest.json"), "no manifest").unwrap();
    fs::write(new.join("SHA256SUMS"), "").unwrap();
    let key = SecretKey::generate().unwrap();
    deliver(&new, &folder, Some(&key)).unwrap_err();
    assert_eq!(names(&folder), ["old"]);
    fs::remove_file(new.join("manifest.json")).unwrap();
    deliver(&new, &folder, Some(&key)).unwrap();
    assert_eq!(names(&folder), ["SHA256SUMS", "SHA256SUMS.minisig"]);
}
