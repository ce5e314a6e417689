//! Whether each word can have a place of its own: a matching of words and places, by augmenting paths (Kuhn 1955).

/// Nobody, or nowhere.
const NONE: usize = usize::MAX;

/// Whether each word can have one of its places, no two the same.
///
/// # Errors
/// Those of `tick`.
pub fn exists<E>(lists: &[&[u32]], tick: &mut impl FnMut() -> Result<(), E>) -> Result<bool, E> {
    let words = lists.len();
    if lists.iter().any(|list| list.is_empty()) {
        return Ok(false);
    }
    // Taken by the number of their places, each still finds one free when it has more than there are before it.
    if lists.iter().all(|list| lists.iter().filter(|other| other.len() <= list.len()).count() <= list.len()) {
        return Ok(true);
    }
    // With as many places as there are words one is always left over: more need not be looked at.
    let lists: Vec<&[u32]> = lists.iter().map(|list| list.get(..words.min(list.len())).unwrap_or(list)).collect();
    let mut places: Vec<u32> = lists.iter().flat_map(|list| list.iter().copied()).collect();
    places.sort_unstable();
    places.dedup();
    if places.len() < words {
        return Ok(false);
    }
    let edges: Vec<Vec<usize>> =
        lists.iter().map(|list| list.iter().map(|place| places.partition_point(|own| own < place)).collect()).collect();
    let mut chosen = Choice { owner: vec![NONE; places.len()], place: vec![NONE; words], reached: Vec::new() };
    for word in 0..words {
        tick()?;
        if !chosen.augment(word, &edges) {
            return Ok(false);
        }
    }
    Ok(true)
}

struct Choice {
    /// Place → word.
    owner: Vec<usize>,
    /// Word → place.
    place: Vec<usize>,
    /// Place → the word from which it was reached.
    reached: Vec<usize>,
}

impl Choice {
    /// Gives `word` a place; others move when they can.
    fn augment(&mut self, word: usize, edges: &[Vec<usize>]) -> bool {
        self.reached.clear();
        self.reached.resize(self.owner.len(), NONE);
        let mut open = vec![word];
        while let Some(from) = open.pop() {
            for place in edges.get(from).into_iter().flatten().copied() {
                match self.reached.get_mut(place) {
                    Some(reached) if *reached == NONE => *reached = from,
                    _ => continue,
                }
                match self.owner.get(place).copied() {
                    Some(NONE) => {
                        self.turn(place, word);
                        return true;
                    }
                    Some(owner) => open.push(owner),
                    None => {}
                }
            }
        }
        false
    }

    /// Along the path back to `word`, each takes the place it reached.
    fn turn(&mut self, mut place: usize, word: usize) {
        while let Some(from) = self.reached.get(place).copied() {
            let Some(own) = self.place.get_mut(from) else { return };
            let left = std::mem::replace(own, place);
            if let Some(owner) = self.owner.get_mut(place) {
                *owner = from;
            }
            if from == word {
                return;
            }
            place = left;
        }
    }
}
